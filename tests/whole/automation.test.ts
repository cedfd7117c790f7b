import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const web = path.join(root, 'packages/web');

let stack: Stack;
let alice: SignedIn;
let token: string;
let folder: string;
/** Everything that must never be logged. */
const secrets: string[] = [];

beforeAll(async () => {
  stack = await startStack({ environment: { ESCALE_LOG_LEVEL: 'debug', ESCALE_SECRET_KEY: canary('secret-key') } });
  folder = await mkdtemp(path.join(tmpdir(), 'escale-automation-'));
  alice = await signIn(stack, 'alice');
  const scopes = ['READ', 'REPOSITORIES_WRITE'];
  const { createApiToken } = await alice.ask<{ createApiToken: { secret: string } }>(
    'mutation($scopes: [ApiTokenScope!]!) { createApiToken(input: { title: "script", scopes: $scopes }) { secret } }',
    { scopes },
  );
  token = createApiToken.secret;
  await alice.ask('mutation { createRepository(input: { name: "alice/app" }) { repository { id } } }');
});
afterAll(async () => {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
});

function canary(name: string): string {
  const text = `canary-${name}-0123456789abcdef0123456789abcdef`;
  secrets.push(text);
  return text;
}

/** The pieces of the README's chapter on the API, for this server. */
async function example(language: string): Promise<string> {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const [, chapter = ''] = /\n## The API\n(.*?)\n## /s.exec(readme) ?? [];
  const [, text = ''] = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(chapter) ?? [];
  return text.replaceAll('https://registry.example.org', stack.url);
}

describe('the examples of the README do what they say', () => {
  const environment = () => ({ ...process.env, TOKEN: token });

  test('curl lists repositories', async () => {
    const { stdout } = await run('sh', ['-c', await example('sh')], { env: environment() });
    expect(JSON.parse(stdout)).toEqual({
      data: { repositories: { nodes: [{ name: 'alice/app', lastPushedAt: null }] } },
    });
  });

  test('a TypeScript program with generated types lists the latest pushes', async () => {
    await symlink(path.join(web, 'node_modules'), path.join(folder, 'node_modules'));
    await copyFile(path.join(root, 'packages/api/schema.graphql'), path.join(folder, 'schema.graphql'));
    await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(path.join(folder, 'latest-pushes.ts'), await example('ts'));
    await writeFile(path.join(folder, 'codegen.json'), await example('json'));
    await run(path.join(web, 'node_modules/.bin/graphql-codegen'), ['--config', 'codegen.json'], { cwd: folder });
    expect(await readFile(path.join(folder, 'generated/graphql.ts'), 'utf8')).toContain(
      'export type LatestPushesQuery =',
    );
    const { stdout } = await run(process.execPath, ['latest-pushes.ts'], { cwd: folder, env: environment() });
    expect(stdout).toBe('alice/app never\n');
  });
});

describe('secrets', () => {
  /** A request with something in it that must stay unsaid, whatever it is answered with. */
  const send = (place: string, init: RequestInit) => fetch(`${stack.url}${place}`, { redirect: 'manual', ...init });

  test('are in no line of the log, at its most talkative, whichever way they came (T25)', async () => {
    secrets.push(token, stack.demoPassword);
    const shown = await alice.ask<Record<string, { credentials: { password: string } }>>(
      `mutation { app: createApplicationToken(input: { title: "t" }) { credentials { password } }
                  robot: createRobot(input: { namespace: "alice", name: "ci" }) { credentials { password } } }`,
    );
    for (const { credentials } of Object.values(shown)) secrets.push(credentials.password);
    const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const app = shown['app']?.credentials.password ?? '';
    const json = { 'content-type': 'application/json' };
    await send('/v2/auth?service=x', { headers: { authorization: basic('$app', app) } });
    await send('/v2/auth?service=x', { headers: { authorization: basic('alice', canary('password')) } });
    await send('/v2/', { headers: { authorization: `Bearer ${canary('registry-bearer')}` } });
    await send('/graphql', {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${canary('api-bearer')}` },
      body: '{}',
    });
    await send('/graphql', {
      method: 'POST',
      headers: json,
      body: `{"query":"{ ${canary('document').replaceAll('-', '_')} }"}`,
    });
    await send('/graphql', {
      method: 'POST',
      headers: json,
      body: `{"query":"query($x: Int) { viewer { id } }","variables":{"x":"${canary('variable')}"}}`,
    });
    await send(`/auth/callback?code=${canary('code')}&state=${canary('state')}`, {});
    await send(`/graphql/exports/x?key=${canary('export-key')}`, {});
    await send('/graphql', {
      method: 'POST',
      headers: { ...json, cookie: `escale_session=${canary('cookie')}` },
      body: '{}',
    });
    await send('/auth/revoke', { method: 'POST', body: new URLSearchParams({ token: canary('presented') }) });
    expect(secrets.length).toBeGreaterThanOrEqual(12);
    const logs = stack.logs().replace(/password \S+/, '');
    expect(logs).toContain('"path":"/graphql"');
    expect(secrets.filter((secret) => logs.includes(secret))).toEqual([]);
  });

  test('a start with another secret key is refused in one line, and the right one starts again (S12)', async () => {
    await stack.halt();
    const main = path.join(root, 'packages/cli/dist/main.js');
    const args = [main, 'start', '--port', String(stack.port), '--data', stack.dataDir];
    const key = canary('another-secret-key');
    const refused = await run(process.execPath, args, { env: { ...process.env, ESCALE_SECRET_KEY: key } }).catch(
      (error: unknown) => error as { code: number; stderr: string },
    );
    expect('code' in refused && refused.code).toBe(1);
    expect(refused.stderr).toMatch(/the secret key is not the one/);
    expect(refused.stderr).not.toContain(key);
    await stack.restart();
    const answer = await fetch(`${stack.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"query":"{ viewer { username } }"}',
    });
    expect(await answer.json()).toEqual({ data: { viewer: { username: 'alice' } } });
  });
});
