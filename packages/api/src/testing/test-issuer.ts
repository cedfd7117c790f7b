import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type GenerateKeyPairResult, type JWK, type JWTPayload } from 'jose';

/** A person as an issuer describes one; `sub` and `preferred_username` follow from the name. */
export interface TestPerson {
  readonly name: string;
  readonly sub?: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
  readonly groups?: readonly string[];
  /** Instead of, or beside, what follows from the rest: any JSON. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

type SendJson = (body: unknown, status?: number, headers?: Readonly<Record<string, string>>) => void;
type Alter = (claims: JWTPayload) => JWTPayload;

/** How the next answers differ from what an honest, healthy issuer sends. */
interface Mischief {
  idToken?: Alter;
  /** Signs ID tokens with a key that is not published. */
  foreignKey?: boolean;
  /** Parameters of the way back to us, before it is taken. */
  callback?: (parameters: URLSearchParams) => void;
  keys?: 'html' | 'empty' | 'slow' | 'failing';
  /** Everything answers 503. */
  down?: boolean;
  /** What a refresh token is refused with: `invalid_grant` where the person may not sign in any more. */
  refresh?: string;
  /** In which words, as `error_description`. */
  refreshWords?: unknown;
  /** How that answer is sent, instead of with 400 and as `application/json`. */
  refreshSent?: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> };
  /** Seconds after which it says that refresh tokens end, as Keycloak does. */
  refreshLasts?: number;
}

/**
 * An OpenID issuer on Keycloak's addresses that can be told to lie, which a real one cannot: wrong nonce, wrong audience, keys
 * that are not JSON. It signs in whom `person` names, without a form.
 */
export interface TestIssuer {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  person: TestPerson;
  mischief: Mischief;
  /** How often its keys were asked for. */
  keyRequests: number;
  /** How often refresh tokens were presented, and how often one that had been used before. */
  readonly refreshes: { presented: number; reused: number };
  /** The session id in ID tokens, as of the last sign-in. */
  readonly lastSession: string;
  readonly kid: string;
  /** Signs anything with its key. */
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  /** A good access token for the management API, altered as told. */
  accessToken(person: TestPerson, alter?: Alter, header?: Record<string, unknown>): Promise<string>;
  /** Publishes a new key instead of the old one. */
  rotateKey(): Promise<void>;
  close(): Promise<void>;
}

export const subjectOf = ({ name, sub }: TestPerson): string => sub ?? `subject-of-${name}`;

const seconds = (): number => Math.floor(Date.now() / 1000);

export async function startTestIssuer({ apiAudience }: { apiAudience: string }): Promise<TestIssuer> {
  const clientId = 'escale';
  const clientSecret = randomBytes(16).toString('hex');
  let key = await newKey();
  const stranger = await newKey();
  const codes = new Map<string, { nonce: string; challenge: string; redirectUri: string; person: TestPerson }>();
  const people = new Map<string, TestPerson>();
  /** By refresh token: whose it is. What was used is kept, to tell a second use from an invention. */
  const refreshable = new Map<string, { subject: string; session: string; used: boolean }>();
  let session = '';

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${String((server.address() as AddressInfo).port)}/realms/escale`;
  const endpoint = (name: string): string => `${url}/protocol/openid-connect/${name}`;

  const issuer: TestIssuer = {
    url,
    clientId,
    clientSecret,
    person: { name: 'alice' },
    mischief: {},
    keyRequests: 0,
    refreshes: { presented: 0, reused: 0 },
    get lastSession() {
      return session;
    },
    get kid() {
      return key.kid;
    },
    sign: (claims, header = {}) => sign(key, claims, header),
    accessToken: (person, alter = (claims) => claims, header = {}) =>
      sign(
        key,
        alter({
          ...claimsOf(person),
          iss: url,
          aud: [apiAudience, 'account'],
          azp: clientId,
          typ: 'Bearer',
          jti: randomUUID(),
          iat: seconds(),
          exp: seconds() + 300,
        }),
        header,
      ),
    rotateKey: async () => {
      key = await newKey();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = new URL(request.url ?? '/', url);
    const json: SendJson = (body, status = 200, headers = { 'Content-Type': 'application/json' }) => {
      response.writeHead(status, headers).end(JSON.stringify(body));
    };
    if (issuer.mischief.down) {
      json({ error: 'down' }, 503);
      return;
    }
    switch (address.pathname.replace(/^\/realms\/escale/, '')) {
      case '/.well-known/openid-configuration':
        json({
          issuer: url,
          authorization_endpoint: endpoint('auth'),
          token_endpoint: endpoint('token'),
          userinfo_endpoint: endpoint('userinfo'),
          jwks_uri: endpoint('certs'),
          end_session_endpoint: endpoint('logout'),
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
          code_challenge_methods_supported: ['S256'],
          authorization_response_iss_parameter_supported: true,
        });
        return;
      case '/protocol/openid-connect/certs':
        issuer.keyRequests += 1;
        await sendKeys(response, json);
        return;
      case '/protocol/openid-connect/auth': {
        const asked = address.searchParams;
        const code = randomBytes(16).toString('hex');
        codes.set(code, {
          nonce: asked.get('nonce') ?? '',
          challenge: asked.get('code_challenge') ?? '',
          redirectUri: asked.get('redirect_uri') ?? '',
          person: issuer.person,
        });
        const back = new URLSearchParams({ code, state: asked.get('state') ?? '', iss: url });
        issuer.mischief.callback?.(back);
        response.writeHead(302, { Location: `${asked.get('redirect_uri') ?? ''}?${back.toString()}` }).end();
        return;
      }
      case '/protocol/openid-connect/token':
        await exchange(new URLSearchParams(await bodyOf(request)), json);
        return;
      case '/protocol/openid-connect/userinfo': {
        const person = people.get((request.headers.authorization ?? '').replace('Bearer ', ''));
        if (person) json(claimsOf(person));
        else json({ error: 'invalid_token' }, 401);
        return;
      }
      default:
        json({ error: 'not found' }, 404);
    }
  }

  async function sendKeys(response: ServerResponse, json: SendJson): Promise<void> {
    const { keys } = issuer.mischief;
    if (keys === 'html') response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>maintenance</h1>');
    else if (keys === 'failing') json({ error: 'failing' }, 500);
    else {
      if (keys === 'slow') await new Promise((resolve) => setTimeout(resolve, 200));
      json({ keys: keys === 'empty' ? [] : [key.jwk] });
    }
  }

  async function exchange(form: URLSearchParams, json: SendJson): Promise<void> {
    const client = form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
    if (form.get('grant_type') === 'refresh_token') {
      await refresh(client ? (form.get('refresh_token') ?? '') : '', json);
      return;
    }
    const code = form.get('code') ?? '';
    const found = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!found || !client || challenge !== found.challenge || form.get('redirect_uri') !== found.redirectUri) {
      json({ error: 'invalid_grant' }, 400);
      return;
    }
    session = randomUUID();
    json(await tokensFor(found.person, session, { nonce: found.nonce, auth_time: seconds() }));
  }

  /** As Keycloak does where it revokes refresh tokens: each works once, and the person is who `person` is now, if it is the same. */
  async function refresh(token: string, json: SendJson): Promise<void> {
    issuer.refreshes.presented += 1;
    const found = refreshable.get(token);
    if (found?.used) issuer.refreshes.reused += 1;
    const refused = issuer.mischief.refresh ?? (found && !found.used ? undefined : 'invalid_grant');
    if (!found || refused !== undefined) {
      const { refreshWords: words, refreshSent: { status = 400, headers } = {} } = issuer.mischief;
      json({ error: refused, ...(words !== undefined && { error_description: words }) }, status, headers);
      return;
    }
    found.used = true;
    const person =
      subjectOf(issuer.person) === found.subject ? issuer.person : { name: found.subject, sub: found.subject };
    json(await tokensFor(person, found.session));
  }

  async function tokensFor(person: TestPerson, sid: string, more: JWTPayload = {}): Promise<object> {
    const { mischief } = issuer;
    const claims: JWTPayload = {
      ...claimsOf(person),
      iss: url,
      aud: clientId,
      azp: clientId,
      sid,
      iat: seconds(),
      exp: seconds() + 300,
      ...more,
    };
    const [accessToken, refreshToken] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    people.set(accessToken, person);
    refreshable.set(refreshToken, { subject: subjectOf(person), session: sid, used: false });
    return {
      access_token: accessToken,
      refresh_token: refreshToken,
      token_type: 'Bearer',
      expires_in: 300,
      ...(mischief.refreshLasts !== undefined && { refresh_expires_in: mischief.refreshLasts }),
      id_token: await sign(mischief.foreignKey ? stranger : key, mischief.idToken?.(claims) ?? claims),
    };
  }

  return issuer;
}

function claimsOf(person: TestPerson): JWTPayload & { sub: string } {
  return {
    sub: subjectOf(person),
    preferred_username: person.name,
    email: person.email ?? `${person.name}@example.org`,
    email_verified: person.emailVerified ?? true,
    ...(person.groups && { groups: person.groups }),
    ...person.claims,
  };
}

interface Key {
  readonly kid: string;
  readonly privateKey: GenerateKeyPairResult['privateKey'];
  readonly jwk: JWK;
}

async function newKey(): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = randomBytes(8).toString('hex');
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' } };
}

function sign({ kid, privateKey }: Key, claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, ...header }).sign(privateKey);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request as AsyncIterable<Buffer>) text += piece.toString('utf8');
  return text;
}
