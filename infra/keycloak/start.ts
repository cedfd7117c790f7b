// Starts a real Keycloak with the realm of realm.json, and the product with it. Ctrl-C ends both; the next start finds everything.
//   npm run start:keycloak [-- --keycloak-port N] [flags of `escale start`]
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { realmOf, type RealmSettings } from './realm.ts';
import { startKeycloak, type Keycloak } from './server.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, '.cache/keycloak/start');
const escale = path.join(root, 'packages/cli/dist/main.js');

const { values, tokens } = parseArgs({
  options: { 'keycloak-port': { type: 'string', default: '8090' }, port: { type: 'string' }, data: { type: 'string' } },
  strict: false,
  allowPositionals: true,
  tokens: true,
});
/** What is not ours goes on to the product. */
const own = new Set(
  tokens.flatMap((token) =>
    token.kind === 'option' && token.name === 'keycloak-port'
      ? [token.index, ...(token.inlineValue ? [] : [token.index + 1])]
      : [],
  ),
);
const passedOn = process.argv.slice(2).filter((_, index) => !own.has(index));

process.exitCode = await main();

async function main(): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const port = String(values.port ?? process.env['ESCALE_PORT'] ?? 8080);
  const externalUrl = process.env['ESCALE_EXTERNAL_URL'] ?? `http://localhost:${port}`;
  const settings: RealmSettings = { ...keptSecrets(), externalUrl };
  console.error('Starting Keycloak …');
  const keycloak = await startKeycloak({ folder, port: Number(values['keycloak-port']) });
  try {
    await prepareRealm(keycloak, settings);
    console.log(`  Keycloak    ${keycloak.url}/realms/escale
  Users       alice, bob, carol, admin   password ${settings.password}
  Its console ${keycloak.url}/admin   ${keycloak.credentials.clientId}, password ${keycloak.credentials.clientSecret}
`);
    return await product(keycloak, settings);
  } finally {
    await keycloak.stop();
  }
}

/** Made at the first start. Later ones find it as it was left, but the product may have another address by then. */
async function prepareRealm({ admin }: Keycloak, settings: RealmSettings): Promise<void> {
  const realm = realmOf(settings);
  if (!(await admin.hasRealm(realm.realm))) return admin.createRealm(realm);
  const web = realm.clients.find(({ clientId }) => clientId === 'escale-web');
  const { id, attributes } = await admin.clientOf(realm.realm, 'escale-web');
  const { redirectUris, attributes: addresses } = web as { redirectUris: unknown; attributes: object };
  await admin.ask('PUT', `/${realm.realm}/clients/${id}`, {
    redirectUris,
    attributes: { ...(attributes as object), ...addresses },
  });
}

/** Runs the product to its end. @returns its exit code */
function product(keycloak: Keycloak, settings: RealmSettings): Promise<number> {
  const dataOf = values.data === undefined ? ['--data', path.join(folder, 'escale')] : [];
  const child = spawn(process.execPath, [escale, 'start', ...dataOf, ...passedOn], {
    stdio: 'inherit',
    env: {
      ...process.env,
      ESCALE_OIDC_ISSUER: `${keycloak.url}/realms/escale`,
      ESCALE_OIDC_CLIENT_ID: 'escale-web',
      ESCALE_OIDC_CLIENT_SECRET: settings.clientSecret,
      ESCALE_OIDC_SYNC_CLIENT_ID: 'escale-sync',
      ESCALE_OIDC_SYNC_CLIENT_SECRET: settings.syncSecret,
    },
  });
  // Ctrl-C reaches the whole foreground group by itself; we end after the product has.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (signal !== 'SIGINT') child.kill(signal);
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 130);
    });
  });
}

/** The secrets of the realm, made at the first start: there are no default ones. */
function keptSecrets(): Omit<RealmSettings, 'externalUrl'> {
  const file = path.join(folder, 'realm-secrets.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Omit<RealmSettings, 'externalUrl'>;
  const secret = () => randomBytes(18).toString('base64url');
  const secrets = {
    password: randomBytes(9).toString('base64url'),
    clientSecret: secret(),
    automationSecret: secret(),
    syncSecret: secret(),
  };
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}
