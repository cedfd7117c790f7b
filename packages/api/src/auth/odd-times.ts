import { decodeJwt } from 'jose';

/** Where the ID token is kept as it came, beside the one for openid-client. */
const original = 'escale_original_id_token';

/**
 * Lets openid-client read ID tokens whose `auth_time` is no number: it refuses them, although nothing but the time of the sign-in
 * is unknown then. It gets the token without that claim. The signature is checked of the token that came (`originalIdToken`).
 */
export function withoutOddTimes(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const answer = await fetch(input, init);
    if (init?.method !== 'POST' || !answer.ok) return answer;
    const body = (await answer
      .clone()
      .json()
      .catch(() => undefined)) as Record<string, unknown> | undefined;
    const idToken = body?.['id_token'];
    const claims = typeof idToken === 'string' ? claimsOf(idToken) : undefined;
    if (!body || typeof idToken !== 'string' || claims?.['auth_time'] === undefined) return answer;
    if (typeof claims['auth_time'] === 'number' && claims['auth_time'] >= 0) return answer;
    const { auth_time: _, ...rest } = claims;
    const [header = '', , signature = ''] = idToken.split('.');
    const payload = Buffer.from(JSON.stringify(rest)).toString('base64url');
    return Response.json({ ...body, id_token: [header, payload, signature].join('.'), [original]: idToken });
  };
}

/** The ID token as the provider sent it. */
export function originalIdToken(tokens: Readonly<Record<string, unknown>>): string | undefined {
  const token = tokens[original] ?? tokens['id_token'];
  return typeof token === 'string' ? token : undefined;
}

function claimsOf(token: string): Record<string, unknown> | undefined {
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}
