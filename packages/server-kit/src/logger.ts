import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Header and field names whose values never reach a line (T25). */
const secretFields = [
  ...['authorization', 'cookie', 'password', 'token', 'secret', 'access_token', 'refresh_token', 'id_token', 'code'],
  ...['databaseUrl', 'connectionString'],
];

/** A name with a hyphen is written in brackets. */
const setCookie = ['["set-cookie"]', '*["set-cookie"]', '*.*["set-cookie"]'];

/** JSON lines on standard error. Every level of nesting that our own lines use is covered by the redaction. */
export function createLogger({ level = 'info' }: { level?: string } = {}): Logger {
  const paths = secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: [...paths, ...setCookie], censor: '***' },
      serializers: { err: errorFacts },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** An error without what libraries hang onto it: requests, with their headers, are where secrets lie. */
function errorFacts(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error).slice(0, 500) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: withoutSecrets(error.message),
    // Not called `code`: a field of that name is a sign-in's secret, and is cut.
    ...(typeof code === 'string' && { errorCode: code }),
    stack: withoutSecrets(error.stack ?? ''),
    ...(error.cause !== undefined && depth < 3 && { cause: errorFacts(error.cause, depth + 1) }),
  };
}

/**
 * Cuts tokens of ours and of others, passwords in addresses, account keys and signatures out of a text. Every pattern begins at
 * a place that the one before it cannot run past, so that the time grows with the length of the text alone (T44).
 */
export function withoutSecrets(text: string): string {
  return text
    .replace(/esc_[a-z]{3}_[0-9A-Za-z]{22}_[0-9A-Za-z]+(?:_[0-9A-Za-z]{6})?/g, 'esc_***')
    .replace(/(\b\w+:\/\/[^:@/\s]*):[^@/\s]+@/g, '$1:***@')
    .replace(/[\w.-]+/g, withoutJwt)
    .replace(/\b(AccountKey|SharedAccessSignature)=[^;\s"]+/gi, '$1=***')
    .replace(/([?&](?:sig|code|token|access_token|id_token_hint|state)=)[^&\s"]+/g, '$1***');
}

/** A JWT, or anything that begins like one: `eyJ` is base64url of `{"`. */
function withoutJwt(word: string): string {
  const start = word.search(/\beyJ/);
  return start >= 0 && word.includes('.', start + 4) ? `${word.slice(0, start)}eyJ***` : word;
}
