import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { failed, ok, reasonOf, type Finding } from './finding.ts';
import { ask, exchange, metadata, type Metadata, type OidcClient } from './provider.ts';

/** Seconds by which the clocks may differ: a token that seems to come from the future is refused. */
const clockSkew = 30;

/**
 * Whether the identity provider is the one that is configured, and knows this product: everything that can be found out without a
 * person. What a later check needs and an earlier one did not find is not asked for.
 * @returns the provider's metadata, for a sign-in, when all is well
 */
export async function checkProvider(client: OidcClient): Promise<{ findings: Finding[]; provider?: Metadata }> {
  const { findings, provider } = await discover(client.issuer);
  if (!provider) return { findings };
  const later = [
    await checkKeys(provider),
    await checkRedirectUri(provider, client),
    await checkSecret(provider, client),
  ];
  findings.push(...later);
  return findings.every(({ outcome }) => outcome === 'ok') ? { findings, provider } : { findings };
}

async function discover(issuer: string): Promise<{ findings: Finding[]; provider?: Metadata }> {
  const address = `${issuer}/.well-known/openid-configuration`;
  let answer: Response;
  try {
    answer = await ask(address);
  } catch (error) {
    const fix =
      'start the identity provider, or correct ESCALE_OIDC_ISSUER; this machine must reach it, and trust its certificate (NODE_EXTRA_CA_CERTS)';
    return { findings: [failed('issuer', `nothing answers at ${address} (${reasonOf(error)})`, fix)] };
  }
  const read = metadata.safeParse(await answer.json().catch(() => undefined));
  if (!answer.ok || !read.success) {
    const message = `${address} answers ${String(answer.status)}, and no metadata of an identity provider`;
    const fix =
      'correct ESCALE_OIDC_ISSUER: https://<host>/realms/<realm>, with the name of a realm that exists, without /auth before /realms';
    return { findings: [failed('issuer', message, fix)] };
  }
  const provider = read.data;
  const clock = checkClock(answer);
  if (provider.issuer !== issuer) {
    const fix = `set ESCALE_OIDC_ISSUER=${provider.issuer}, or the provider's own name (Keycloak: --hostname) to what people use`;
    return { findings: [failed('issuer', `the provider at ${issuer} calls itself ${provider.issuer}`, fix), clock] };
  }
  return { findings: [ok('issuer', issuer), clock], provider };
}

function checkClock(answer: Response): Finding {
  const theirs = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return ok('clock', 'the provider does not say its time');
  const seconds = Math.round((Date.now() - theirs) / 1000);
  if (Math.abs(seconds) <= clockSkew) return ok('clock', `${String(Math.abs(seconds))} s apart`);
  return failed(
    'clock',
    `this machine is ${String(Math.abs(seconds))} s ${seconds > 0 ? 'ahead of' : 'behind'} the identity provider`,
    `let both machines keep their time by NTP: tokens are refused beyond ${String(clockSkew)} s`,
  );
}

const keySet = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional(), use: z.string().optional() })),
});

async function checkKeys({ jwks_uri: address }: Metadata): Promise<Finding> {
  const fix =
    "the address comes from the provider's metadata: make it reachable from here (Keycloak: --hostname), with an RSA key that signs (Realm settings → Keys → rsa-generated)";
  try {
    const answer = await ask(address);
    const read = keySet.safeParse(await answer.json().catch(() => undefined));
    const keys = read.data?.keys.filter(({ kty, use, kid }) => kty === 'RSA' && use !== 'enc' && kid !== undefined);
    if (!answer.ok || !keys) return failed('keys', `${address} answers ${String(answer.status)} and no keys`, fix);
    if (keys.length === 0) return failed('keys', `${address} has no RSA key for signatures`, fix);
    return ok('keys', `${String(keys.length)} for signatures`);
  } catch (error) {
    return failed('keys', `nothing answers at ${address} (${reasonOf(error)})`, fix);
  }
}

/** What a browser is sent to for a sign-in. */
export function authorizationUrl({ authorization_endpoint }: Metadata, client: OidcClient, verifier: string): URL {
  const url = new URL(authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: 'openid profile email',
    state: randomBytes(16).toString('hex'),
    nonce: randomBytes(16).toString('hex'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  return url;
}

async function checkRedirectUri(provider: Metadata, client: OidcClient): Promise<Finding> {
  const { clientId, redirectUri } = client;
  const answer = await ask(authorizationUrl(provider, client, randomBytes(32).toString('base64url')));
  const back = answer.headers.get('location') ?? '';
  // Back to us at once: the provider knows us, and refuses for another reason, which it says there.
  const refusal = back.startsWith(redirectUri) ? new URL(back).searchParams : undefined;
  if (refusal?.has('error')) {
    return failed(
      'redirect URI',
      `the provider sends people back at once: ${refusal.get('error') ?? ''} ${refusal.get('error_description') ?? ''}`.trim(),
      `in the client ${clientId}: "Standard flow" on, PKCE method S256 or none, the client scopes profile and email allowed`,
    );
  }
  if (answer.status < 400) return ok('redirect URI', redirectUri);
  const page = await answer.text();
  if (/redirect_uri/i.test(page)) {
    return failed(
      'redirect URI',
      `the client ${clientId} may not send people back to ${redirectUri}`,
      `add ${redirectUri} to the client's "Valid redirect URIs", or correct ESCALE_EXTERNAL_URL`,
    );
  }
  return failed(
    'redirect URI',
    `the provider answers ${String(answer.status)} to a sign-in of the client ${clientId}: ${wordsOf(page)}`,
    `make a client ${clientId} of type OpenID Connect, enabled, with "Standard flow", or correct ESCALE_OIDC_CLIENT_ID`,
  );
}

/** The provider checks who asks before it looks at the code, which is none. */
async function checkSecret(provider: Metadata, client: OidcClient): Promise<Finding> {
  const answer = await exchange(provider, client, { code: 'none', verifier: randomBytes(32).toString('base64url') });
  if (answer.error === 'invalid_grant') return ok('client secret', `of ${client.clientId}`);
  return failed(
    'client secret',
    `the provider does not take the secret of ${client.clientId}: ${answer.error_description ?? answer.error ?? String(answer.status)}`,
    'copy ESCALE_OIDC_CLIENT_SECRET from the client\'s tab "Credentials"; "Client authentication" must be on, by "Client Id and Secret"',
  );
}

/** The text of a page, cut short. */
export function wordsOf(page: string): string {
  const text = page.replace(/<(script|style|head)\b.*?<\/\1>/gis, ' ').replace(/<[^>]*>/g, ' ');
  return text.replace(/\s+/g, ' ').trim().slice(0, 200);
}
