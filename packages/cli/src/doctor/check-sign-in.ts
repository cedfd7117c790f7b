import { randomBytes } from 'node:crypto';
import { decodeJwt, type JWTPayload } from 'jose';
import { authorizationUrl, wordsOf } from './check-provider.ts';
import { failed, notChecked, ok, type Finding } from './finding.ts';
import { ask, exchange, type Metadata, type OidcClient } from './provider.ts';

/** Who tries it. */
export interface TrialPerson {
  readonly username: string;
  readonly password: string;
}

/** Pages at most between the form and the way back to us. */
const pagesAtMost = 8;

/**
 * Signs a person in, as a browser would, and looks at what the tokens say of the person. Nothing of it reaches the product: no user
 * is made, and no session begins.
 */
export async function checkSignIn(
  provider: Metadata,
  client: OidcClient,
  { person, apiAudience }: { person: TrialPerson; apiAudience: string },
): Promise<Finding[]> {
  const verifier = randomBytes(32).toString('base64url');
  const walked = await walk(authorizationUrl(provider, client, verifier), client, person);
  const code = walked.back?.get('code');
  if (code === null || code === undefined) {
    const why = walked.back?.get('error_description') ?? walked.back?.get('error') ?? walked.page;
    return [
      failed(
        'sign-in',
        `${person.username} did not come to the end of it: ${why ?? 'no form came'}`,
        'try it in a browser: a wrong password, a second factor, or an action that the provider asks for first (e-mail, profile)',
      ),
    ];
  }
  const tokens = await exchange(provider, client, { code, verifier });
  const [access, id] = [claimsOf(tokens.access_token), claimsOf(tokens.id_token)];
  if (!access || !id) {
    const why = tokens.error_description ?? tokens.error ?? 'the access token or the ID token is no JWT';
    return [failed('sign-in', `the provider gave no tokens: ${why}`, 'read the log of the identity provider')];
  }
  const told = { ...(await userInfo(provider, tokens.access_token ?? '')), ...id };
  return [
    ok('sign-in', `as ${person.username}`),
    checkAudience(access, client, apiAudience),
    checkGroups(told, client, person),
  ];
}

function checkAudience({ aud }: JWTPayload, { clientId }: OidcClient, apiAudience: string): Finding {
  if ([aud].flat().includes(apiAudience)) return ok('audience', apiAudience);
  return failed(
    'audience',
    `access tokens are not meant for ${apiAudience} but for ${[aud].flat().filter(Boolean).join(', ') || 'nobody'}: the API and \`docker login\` with $oauthtoken refuse them`,
    `add a mapper "Audience" to the client ${clientId} that includes ${apiAudience} in access tokens, or correct ESCALE_API_AUDIENCE`,
  );
}

function checkGroups({ groups }: JWTPayload, { clientId }: OidcClient, { username }: TrialPerson): Finding {
  const mapper = `a mapper "Group Membership" of the client ${clientId} with the claim name groups, "Full group path" on, in ID tokens`;
  if (groups === undefined) {
    return notChecked(
      'groups',
      `${username} is in no group, or nothing tells us the groups: there must be ${mapper}; try it with somebody who is in a group`,
    );
  }
  if (!Array.isArray(groups) || groups.some((group) => typeof group !== 'string'))
    return failed('groups', 'the claim groups is no list of names', `it must come from ${mapper}`);
  if (groups.some((group: string) => !group.startsWith('/'))) {
    return failed(
      'groups',
      `the claim groups has names without a path: ${groups.join(', ')}`,
      `turn "Full group path" on in the mapper: it must be ${mapper}`,
    );
  }
  return ok('groups', groups.length === 0 ? 'an empty list' : groups.join(', '));
}

function claimsOf(token: string | undefined): JWTPayload | undefined {
  try {
    return token === undefined ? undefined : decodeJwt(token);
  } catch {
    return undefined;
  }
}

async function userInfo({ userinfo_endpoint: address }: Metadata, token: string): Promise<object> {
  if (address === undefined) return {};
  const answer = await ask(address, { headers: { authorization: `Bearer ${token}` } });
  const body: unknown = answer.ok ? await answer.json().catch(() => undefined) : undefined;
  return typeof body === 'object' && body !== null ? body : {};
}

/** @returns the parameters of the way back to us, or what the page says that it ended on */
async function walk(
  from: URL,
  { redirectUri }: OidcClient,
  { username, password }: TrialPerson,
): Promise<{ back?: URLSearchParams; page?: string }> {
  const jar = new Map<string, string>();
  let next: { url: URL; form?: URLSearchParams } = { url: from };
  let posted = false;
  for (let page = 0; page < pagesAtMost; page += 1) {
    const { url, form } = next;
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await ask(url, { headers: { cookie }, ...(form && { method: 'POST', body: form }) });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location !== null) {
      next = { url: new URL(location, url) };
      if (next.url.href.startsWith(redirectUri)) return { back: next.url.searchParams };
      continue;
    }
    const html = await answer.text();
    const action = posted ? undefined : formAction(html);
    if (action === undefined) return { page: wordsOf(html) };
    posted = true;
    next = { url: new URL(action, url), form: new URLSearchParams({ ...hiddenInputs(html), username, password }) };
  }
  return { page: 'more pages than a sign-in has' };
}

/** Of the form that asks for a password. */
function formAction(html: string): string | undefined {
  const form = [...html.matchAll(/<form\b[^>]*>.*?<\/form>/gis)].find(([text]) => /name="password"/i.test(text));
  const action = /<form\b[^>]*\baction="([^"]*)"/i.exec(form?.[0] ?? '')?.[1];
  return action?.replaceAll('&amp;', '&').replaceAll('&#38;', '&');
}

function hiddenInputs(html: string): Record<string, string> {
  const inputs = [...html.matchAll(/<input\b[^>]*type="hidden"[^>]*>/gi)];
  const attribute = (text: string, name: string) => new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(text)?.[1];
  return Object.fromEntries(
    inputs.flatMap(([text]) => {
      const name = attribute(text, 'name');
      return name === undefined ? [] : [[name, attribute(text, 'value') ?? '']];
    }),
  );
}
