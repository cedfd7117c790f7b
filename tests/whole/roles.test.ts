import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as requestInside, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDemoIdentityProvider, freePort } from '@escale/cli/embedded';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { applicationToken } from '../support/application-token.ts';
import { OciClient } from '../support/oci.ts';
import { signIn } from '../support/sign-in.ts';

const main = path.resolve(import.meta.dirname, '../../packages/cli/dist/main.js');
const demoPassword = randomBytes(9).toString('base64url');

let folder: string;
let database: TestDatabase;
let environment: Record<string, string>;
let proxy: Server;
let url: string;
const ports = { registry: 0, api: 0, provider: 0 };
const running: ChildProcess[] = [];

/** As in a cluster: one name, behind which a proxy sends `/v2/` to the one role and everything else to the other. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'escale-roles-'));
  database = await openTestDatabase(inject('databaseServerUrl'));
  for (const name of ['registry', 'api'] as const) ports[name] = await freePort();
  proxy = createServer((request, response) => {
    const port = request.url?.startsWith('/v2') ? ports.registry : ports.api;
    const { method, url: path_, headers } = request;
    const inner = requestInside({ host: '127.0.0.1', port, method, path: path_, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    inner.on('error', () => response.destroy());
    request.pipe(inner);
  });
  url = `http://localhost:${String(await portOf(proxy))}`;
  const [clientId, clientSecret] = ['escale', randomBytes(18).toString('base64url')];
  const issuer = await serveProvider({ clientId, clientSecret });
  environment = {
    ESCALE_EXTERNAL_URL: url,
    ESCALE_DATA_DIR: folder,
    ESCALE_DATABASE_URL: database.url,
    ESCALE_SECRET_KEY: randomBytes(32).toString('hex'),
    ESCALE_OIDC_ISSUER: issuer,
    ESCALE_OIDC_CLIENT_ID: clientId,
    ESCALE_OIDC_CLIENT_SECRET: clientSecret,
  };
  await Promise.all([startRole('registry'), startRole('api')]);
});
afterAll(async () => {
  for (const child of running) child.kill('SIGINT');
  await Promise.all(running.map((child) => new Promise((resolve) => child.once('exit', resolve))));
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const servers: Server[] = [];
async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function serveProvider(client: { clientId: string; clientSecret: string }): Promise<string> {
  const server = createServer();
  const issuer = `http://localhost:${String(await portOf(server))}/realms/escale`;
  const provider = await createDemoIdentityProvider({
    ...client,
    issuer,
    redirectUris: [`${url}/auth/callback`],
    postLogoutRedirectUris: [`${url}/sign-in?reason=signed-out`],
    folder,
    password: demoPassword,
    apiAudience: 'escale-api',
  });
  server.on('request', provider.handler);
  return issuer;
}

async function startRole(role: 'registry' | 'api'): Promise<void> {
  const child = spawn(process.execPath, [main, role, '--port', String(ports[role])], {
    env: { ...process.env, ...environment, ESCALE_OPERATIONS_PORT: String(await freePort()) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(child);
  let log = '';
  child.stderr.on('data', (data: Buffer) => (log += data.toString()));
  for (let waited = 0; waited < 600; waited += 1) {
    if (child.exitCode !== null) throw new Error(`the ${role} ended:\n${log}`);
    const answer = await fetch(`http://127.0.0.1:${String(ports[role])}/health/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`the ${role} was not ready:\n${log}`);
}

test('a sign-in at the one and a push and a pull at the other are one product', async () => {
  const alice = await signIn({ url, demoPassword }, 'alice');
  await alice.ask('mutation { createOrganization(input: { name: "acme" }) { organization { id } } }');
  const client = new OciClient(url, await applicationToken(alice, 'cluster'));
  const pushed = await client.pushImage('acme/app', '1');
  expect(await client.pullImage('acme/app', '1')).toBe(pushed.digest);
  const { repository } = await alice.ask<{ repository: { tag: { digest: string } } }>(
    '{ repository(name: "acme/app") { tag(name: "1") { digest } } }',
  );
  expect(repository.tag.digest).toBe(pushed.digest);
});

test.each([
  ['registry', '/graphql'],
  ['registry', '/'],
  ['api', '/v2/'],
] as const)('the %s does not answer %s', async (role, path_) => {
  const answer = await fetch(`http://localhost:${String(ports[role])}${path_}`);
  expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('the other role')]);
});

test('health names what each depends on', async () => {
  const checks = async (role: 'registry' | 'api') => {
    const answer = await fetch(`http://127.0.0.1:${String(ports[role])}/health/ready`);
    return Object.keys(((await answer.json()) as { checks: object }).checks);
  };
  expect([await checks('registry'), await checks('api')]).toEqual([
    ['database', 'registryConnections', 'blobStore', 'jobs'],
    ['database', 'apiConnections'],
  ]);
});

test('what a role lacks is said in full, and nothing is embedded for it', async () => {
  const child = spawn(process.execPath, [main, 'registry', '--port', String(await freePort())], {
    env: { ...process.env, ESCALE_DATA_DIR: path.join(folder, 'none'), ESCALE_BLOB_STORE: 'azurite' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(1);
  for (const name of ['ESCALE_DATABASE_URL', 'ESCALE_OIDC_ISSUER', 'ESCALE_BLOB_STORE']) expect(said).toContain(name);
});
