import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import path from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { errors, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { accessTokenClaims, identityClaims } from './demo-claims.ts';
import { findPerson } from './demo-people.ts';
import { DemoSignIn } from './demo-sign-in.ts';
import { logoutSource, postLogoutSuccessSource } from './demo-sign-out.ts';
import { writePrivateFile } from './private-file.ts';

export interface DemoIdentityProviderSettings {
  /** `http://localhost:<port>/realms/escale`; refused unless on this machine. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  /** Keeps the signing key and the cookie key, so that a restart signs nobody out of anything but the provider. */
  readonly folder: string;
  /** Of every demo user. */
  readonly password: string;
  /** Audience of access tokens: the management API. */
  readonly apiAudience: string;
}

/** Serves everything below the issuer's path; takes the request as it came. */
export interface DemoIdentityProvider {
  readonly handler: RequestListener;
  readonly path: string;
}

/**
 * An OpenID provider for trying the product out, on Keycloak's addresses and with Keycloak's claims, so that changing to a real
 * Keycloak changes nothing but the issuer. Sessions live in memory and end with the process.
 * @throws Error when the issuer is not on this machine
 */
export async function createDemoIdentityProvider(
  settings: DemoIdentityProviderSettings,
): Promise<DemoIdentityProvider> {
  const { hostname, pathname, host, protocol } = new URL(settings.issuer);
  if (!['localhost', '127.0.0.1', '[::1]'].includes(hostname)) {
    throw new Error(
      `the demo identity provider serves localhost only, not ${hostname}: set ESCALE_OIDC_ISSUER, ESCALE_OIDC_CLIENT_ID and ` +
        'ESCALE_OIDC_CLIENT_SECRET to a realm of your Keycloak',
    );
  }
  const provider = withoutNotices(async () => new Provider(settings.issuer, await configuration(settings, pathname)));
  const oidc = await provider;
  // It believes the scheme below, which is ours. TLS may end at a proxy before this process.
  oidc.proxy = true;
  oidc.use(saySessionIsOver);
  const serve = oidc.callback();
  const signIn = new DemoSignIn(oidc, settings);
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    // The provider knows its addresses below the issuer's path, as if it were mounted there.
    const url = request.url ?? '/';
    if (!url.startsWith(`${pathname}/`)) {
      response.writeHead(404).end();
      return;
    }
    const originalUrl = url;
    Object.assign(request, { originalUrl });
    request.url = url.slice(pathname.length);
    // The public address, whatever the listener: the provider makes absolute addresses from these headers.
    delete request.headers['x-forwarded-host'];
    request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    request.headers.host = host;
    if (request.url.startsWith('/interaction/')) {
      signIn.answer(request, response).catch((error: unknown) => {
        const gone = error instanceof errors.SessionNotFound;
        response.writeHead(gone ? 400 : 500, { 'Content-Type': 'text/plain; charset=utf-8' });
        response.end(
          gone ? 'This sign-in has expired. Go back to the console and sign in again.' : 'The sign-in failed.',
        );
      });
      return;
    }
    void serve(request, response);
  };
  return { handler, path: pathname };
}

async function configuration(settings: DemoIdentityProviderSettings, prefix: string): Promise<Configuration> {
  const { keys, cookieKey } = await keptKeys(path.join(settings.folder, 'demo-identity-provider.json'));
  const endpoint = (name: string) => `/protocol/openid-connect/${name}`;
  return {
    clients: [
      {
        client_id: settings.clientId,
        client_secret: settings.clientSecret,
        redirect_uris: [...settings.redirectUris],
        post_logout_redirect_uris: [...settings.postLogoutRedirectUris],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
        // As Keycloak: every ID token says when the password was shown.
        require_auth_time: true,
      },
    ],
    jwks: { keys },
    cookies: {
      keys: [cookieKey],
      long: { signed: true, path: prefix, sameSite: 'lax' },
      short: { signed: true, path: prefix, sameSite: 'lax' },
    },
    routes: {
      authorization: endpoint('auth'),
      token: endpoint('token'),
      jwks: endpoint('certs'),
      userinfo: endpoint('userinfo'),
      end_session: endpoint('logout'),
      introspection: endpoint('token/introspect'),
    },
    claims: {
      openid: ['sub', 'preferred_username', 'groups'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name'],
    },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `urn:${settings.apiAudience}`,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'openid profile email',
          audience: settings.apiAudience,
          accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_ctx, token) => {
      const person = 'accountId' in token && token.accountId ? findPerson(token.accountId) : undefined;
      return person && accessTokenClaims(person, settings.clientId);
    },
    findAccount: (_ctx, sub) => {
      const person = findPerson(sub);
      return person && { accountId: person.sub, claims: () => identityClaims(person) };
    },
    // No page that asks for consent: there is one client, and it is this product.
    loadExistingGrant,
    interactions: { url: (_ctx, { uid }) => `${prefix}/interaction/${uid}` },
    renderError: (ctx, out) => {
      ctx.type = 'text/plain; charset=utf-8';
      ctx.body = `The sign-in failed: ${out.error_description ?? out.error}`;
    },
    ttl: { AccessToken: 300, IdToken: 300, Interaction: 900, Grant: 36_000, Session: 36_000, RefreshToken: 36_000 },
  };
}

/**
 * Refuses a refresh token in words that concern the session alone (`refused-grant.ts` of the API knows them). Sessions end with the
 * process here, and nobody is ever disabled: without the words, a restart would look like a refusal of the person.
 */
async function saySessionIsOver(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  const body: unknown = ctx.body;
  if (typeof body !== 'object' || body === null || !('error' in body) || body.error !== 'invalid_grant') return;
  if (ctx.oidc?.params?.['grant_type'] === 'refresh_token')
    ctx.body = { ...body, error_description: 'the sessions of the demo end with its process' };
}

async function loadExistingGrant(ctx: KoaContextWithOIDC) {
  const { client, session, params, provider } = ctx.oidc;
  if (!client || !session?.accountId) return undefined;
  const existing = session.grantIdFor(client.clientId);
  const found = existing ? await provider.Grant.find(existing) : undefined;
  if (found) return found;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(typeof params?.['scope'] === 'string' ? params['scope'] : 'openid');
  for (const resource of Object.keys(ctx.oidc.resourceServers ?? {}))
    grant.addResourceScope(resource, 'openid profile email');
  await grant.save();
  return grant;
}

async function keptKeys(file: string): Promise<{ keys: JWK[]; cookieKey: string }> {
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found) return JSON.parse(found) as { keys: JWK[]; cookieKey: string };
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = randomBytes(16).toString('base64url');
  const kept = {
    keys: [{ ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256', kid }],
    cookieKey: randomBytes(32).toString('base64url'),
  };
  await writePrivateFile(file, JSON.stringify(kept));
  return kept;
}

/** The library explains its defaults on the console at every start; a demonstration needs none of these hints. */
async function withoutNotices<T>(work: () => Promise<T>): Promise<T> {
  const { info, warn } = console;
  console.info = () => undefined;
  console.warn = () => undefined;
  try {
    return await work();
  } finally {
    console.info = info;
    console.warn = warn;
  }
}
