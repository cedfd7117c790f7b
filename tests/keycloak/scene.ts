import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { KeycloakAdmin, realmOf } from '@escale/infra/keycloak';
import { inject } from 'vitest';
import { startStack, type Stack } from '../support/stack.ts';

/** The product with a realm of its own at the real Keycloak. */
export interface Scene extends AsyncDisposable {
  readonly stack: Stack;
  readonly admin: KeycloakAdmin;
  /** The realm's name. */
  readonly realm: string;
  readonly issuer: string;
  /** Of everybody in the realm. */
  readonly password: string;
  readonly secrets: { readonly web: string; readonly automation: string; readonly sync: string };
}

/** What Keycloak's token endpoint answered. */
export interface Tokens {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token: string;
}

export interface SceneOptions {
  /** For the product. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What this realm has otherwise than `realm.json` says: properties of Keycloak's realm. */
  readonly realm?: Readonly<Record<string, unknown>>;
}

/** Starts the product and makes its realm, as an administrator would set it up. Both are gone when it is disposed of. */
export async function openScene({ environment = {}, realm: changes = {} }: SceneOptions = {}): Promise<Scene> {
  const { url, credentials } = inject('keycloak');
  const admin = new KeycloakAdmin(url, credentials);
  const realm = `escale-${randomBytes(4).toString('hex')}`;
  const issuer = `${url}/realms/${realm}`;
  const secret = () => randomBytes(18).toString('base64url');
  const secrets = { web: secret(), automation: secret(), sync: secret() };
  const password = secret();
  // Keycloak may start after the product: so does the realm here.
  const stack = await startStack({
    entry: path.join(import.meta.dirname, 'product.ts'),
    demoPassword: password,
    environment: {
      ESCALE_OIDC_ISSUER: issuer,
      ESCALE_OIDC_CLIENT_ID: 'escale-web',
      ESCALE_OIDC_CLIENT_SECRET: secrets.web,
      ...environment,
    },
  });
  const file = realmOf({
    name: realm,
    externalUrl: stack.url,
    password,
    clientSecret: secrets.web,
    automationSecret: secrets.automation,
    syncSecret: secrets.sync,
  });
  await admin.createRealm({ ...file, clients: [...file.clients, clientForTests(file.clients)], ...changes });
  return {
    stack,
    admin,
    realm,
    issuer,
    password,
    secrets,
    [Symbol.asyncDispose]: async () => {
      await stack.stop();
      await admin.ask('DELETE', `/${realm}`);
    },
  };
}

const testClient = 'escale-test';

/** A client that gets a person's tokens for their password, without a browser; otherwise like the product's. */
function clientForTests(clients: readonly Record<string, unknown>[]): Record<string, unknown> {
  const web = clients.find(({ clientId }) => clientId === 'escale-web');
  return {
    clientId: testClient,
    enabled: true,
    publicClient: true,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: true,
    protocolMappers: web?.['protocolMappers'],
  };
}

/** A person's tokens, fresh from Keycloak. */
export async function tokensOf(scene: Scene, username: string): Promise<Tokens> {
  return askForTokens(scene, {
    grant_type: 'password',
    client_id: testClient,
    username,
    password: scene.password,
    scope: 'openid',
  });
}

/** A program's access token, by the client credentials of one of the realm's clients. */
export async function programToken(scene: Scene, client: 'escale-automation' | 'escale-sync'): Promise<string> {
  const client_secret = client === 'escale-sync' ? scene.secrets.sync : scene.secrets.automation;
  const tokens = await askForTokens(scene, { grant_type: 'client_credentials', client_id: client, client_secret });
  return tokens.access_token;
}

async function askForTokens({ issuer }: Scene, form: Record<string, string>): Promise<Tokens> {
  const answer = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  if (!answer.ok) throw new Error(`Keycloak gave no token: ${await answer.text()}`);
  return (await answer.json()) as Tokens;
}
