import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { RequestListener, Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { anonymous, type Principal } from '@escale/domain/access';
import { createApplicationToken } from '@escale/domain/application-tokens';
import type { Context } from '@escale/domain/context';
import { createVault, userPrincipal } from '@escale/domain/credentials';
import type { UploadLimits } from '@escale/domain/uploads';
import { createRobot } from '@escale/domain/robots';
import type { User } from '@escale/schema/entities';
import { createOrm } from '@escale/schema/orm';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { createListener } from '@escale/server-kit/listener';
import { createLogger } from '@escale/server-kit/logger';
import { createApp } from '../app.ts';
import { FilesystemBlobStore } from '../storage/filesystem-blob-store.ts';

/** The registry over HTTP, on a database and a folder of its own. */
export interface TestRegistry {
  readonly url: string;
  readonly database: TestDatabase;
  readonly server: Server;
  /** Where its blobs lie. */
  readonly folder: string;
  contextOf(principal: Principal): Context;
  /** What a person's docker would sign in with: an Authorization header. */
  applicationToken(user: User): Promise<string>;
  robotToken(owner: User, namespace: string, name: string): Promise<string>;
  send(method: string, path: string, options?: Sent): Promise<Response>;
  close(): Promise<void>;
}

export interface Sent {
  /** An Authorization header. */
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer<ArrayBuffer> | ReadableStream;
}

/**
 * @param more.alsoKnownAs further origins of the registry
 * @param more.beside another door to the same database and blobs, as a second process would be; it is closed first
 * @param more.connections of a pool of its own; that of the test's database when not given
 */
export async function openTestRegistry(
  databaseServerUrl: string,
  {
    beside,
    alsoKnownAs = [],
    connections: poolSize,
    ...more
  }: {
    readonly uploadLimits?: UploadLimits;
    readonly beside?: TestRegistry;
    readonly alsoKnownAs?: string[];
    readonly connections?: number;
  } = {},
): Promise<TestRegistry> {
  const database = beside?.database ?? (await openTestDatabase(databaseServerUrl));
  const folder = beside?.folder ?? (await mkdtemp(path.join(tmpdir(), 'escale-registry-')));
  const blobStore = new FilesystemBlobStore({ folder });
  await blobStore.prepare();
  const vault = beside?.contextOf(anonymous).vault ?? createVault(randomBytes(32));
  // The application is told its address, which is known when the server listens.
  const doors: { registry?: RequestListener } = {};
  const server = createListener((request, response) => doors.registry?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  const own = poolSize === undefined ? undefined : await createOrm({ databaseUrl: database.url, poolSize });
  const app = createApp({
    config: { externalUrl: url, alsoKnownAs },
    orm: own ?? database.orm,
    vault,
    blobStore,
    logger: createLogger({ level: 'error' }),
    ...more,
  });
  doors.registry = app.koa.callback();
  const contextOf = (principal: Principal): Context => ({
    em: database.orm.em.fork(),
    principal,
    now: new Date(),
    vault,
    client: {},
  });
  const asUser = (user: User) => contextOf(userPrincipal(user, { kind: 'session', signedInAt: new Date() }));
  const basic = (username: string, password: string) =>
    `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return {
    url,
    database,
    server,
    folder,
    contextOf,
    applicationToken: async (user) => {
      const { plain } = await createApplicationToken(asUser(user), { title: 'test' });
      return basic('$app', plain);
    },
    robotToken: async (owner, namespace, name) => {
      const { robot, plain } = await createRobot(asUser(owner), { namespace, name });
      return basic(robot.login, plain);
    },
    send: (method, target, { as, headers = {}, body } = {}) =>
      fetch(new URL(target, url), {
        method,
        headers: { ...headers, ...(as !== undefined && { Authorization: as }) },
        redirect: 'manual',
        ...(body !== undefined && { body: body, duplex: 'half' }),
      }),
    close: async () => {
      await app.close();
      await own?.close(true);
      server.closeAllConnections();
      server.close();
      if (beside) return;
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
