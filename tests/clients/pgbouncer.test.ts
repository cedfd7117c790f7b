import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startPostgres, type EmbeddedPostgres } from '@escale/cli/embedded';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applicationToken } from '../support/application-token.ts';
import { OciClient } from '../support/oci.ts';
import { signIn } from '../support/sign-in.ts';
import { startStack } from '../support/stack.ts';

let database: EmbeddedPostgres;
let folder: string;
let pooler: ChildProcess;
let environment: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'escale-pgbouncer-'));
  await chmod(folder, 0o755);
  database = await startPostgres({ folder: path.join(folder, 'database'), durability: 'none' });
  const { hostname, port, username, password, pathname } = new URL(database.url);
  const pooled = await freePort();
  await writeFile(path.join(folder, 'users.txt'), `"${username}" "${decodeURIComponent(password)}"\n`);
  await writeFile(
    path.join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=${decodeURIComponent(hostname)} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${String(pooled)}
unix_socket_dir =
auth_type = plain
auth_file = ${path.join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = 8
max_client_conn = 200
`,
  );
  // It refuses to run as root.
  const asUser = process.getuid?.() === 0 ? ['-u', 'postgres'] : [];
  pooler = spawn('pgbouncer', [...asUser, path.join(folder, 'pgbouncer.ini')], { stdio: 'ignore' });
  while (!(await answers(pooled))) await sleep(50);
  environment = {
    ESCALE_DATABASE_URL: `postgres://${username}:${password}@127.0.0.1:${String(pooled)}${pathname}`,
    ESCALE_SECRET_KEY: randomBytes(32).toString('hex'),
  };
});
afterAll(async () => {
  pooler.kill('SIGINT');
  await new Promise((resolve) => pooler.once('exit', resolve));
  await database.stop();
  await rm(folder, { recursive: true, force: true });
});

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

test('PgBouncer in transaction mode alone is refused at the start, with what is missing', async () => {
  await expect(startStack({ environment })).rejects.toThrow(/ESCALE_DATABASE_DIRECT_URL/);
});

test('images are pushed and pulled through PgBouncer in transaction mode, with the server itself beside it', async () => {
  const stack = await startStack({ environment: { ...environment, ESCALE_DATABASE_DIRECT_URL: database.url } });
  try {
    const credentials = await applicationToken(await signIn(stack, 'alice'), 'test');
    const lane = async (lane: number) => {
      const client = new OciClient(stack.url, credentials);
      for (let image = 0; image < 10; image += 1) {
        const { digest } = await client.pushImage(`alice/app${String(image)}`, `v${String(lane)}`);
        expect(await client.pullImage(`alice/app${String(image)}`, `v${String(lane)}`)).toBe(digest);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, number) => lane(number)));
    const ready = await fetch(`${stack.url}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'ok' }]);
  } finally {
    await stack.stop();
  }
});
