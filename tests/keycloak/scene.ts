import { randomBytes } from 'node:crypto';
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
  await admin.createRealm({ ...file, ...changes });
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
