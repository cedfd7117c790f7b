import { readdir } from 'node:fs/promises';
import { expect } from 'vitest';
import { buildOrganization, buildPermission, buildRepository, buildUser } from '@escale/schema/testing';
import { rawRequest } from './raw-request.ts';
import { clientOf, ociManifest, type RegistryClient, type Seen } from './registry-client.ts';
import { openTestRegistry, type TestRegistry } from './test-registry.ts';

/** A registry of which is counted what it holds: what is refused must leave nothing behind (R1 to R25). */
export interface RefusalScene {
  readonly registry: TestRegistry;
  /** The owner of `org`, with an image in `org/a` and in `org/b`. */
  readonly writer: RegistryClient;
  /** Its Authorization header. */
  readonly basic: string;
  /** Somebody who may write to `org/shared` alone. */
  readonly colleague: RegistryClient;
  /** Takes what there is now for right: before each test, and where one leaves what it should. */
  count(): Promise<void>;
  /** Fails unless sessions, rows and objects are as many as when they were counted. */
  expectNothingNew(): Promise<void>;
  /** A request of the writer as it is written on the wire; the path goes as it is. */
  wire(method: string, path: string, headers?: readonly string[]): Promise<Pick<Seen, 'status' | 'code'>>;
  putManifest(body: string | Buffer<ArrayBuffer>, contentType?: string, reference?: string): Promise<Seen>;
  /** Begins an upload. @returns where it goes on */
  begin(client?: RegistryClient, repository?: string): Promise<string>;
  close(): Promise<void>;
}

/** What a refusal is told by. */
export const answered = ({ status, code }: Pick<Seen, 'status' | 'code'>) => [status, code];

export async function openRefusalScene(databaseServerUrl: string): Promise<RefusalScene> {
  const registry = await openTestRegistry(databaseServerUrl);
  const em = registry.database.orm.em.fork();
  const [owner, other] = [await buildUser(em), await buildUser(em)];
  const organization = await buildOrganization(em, { name: 'org', owner });
  const shared = await buildRepository(em, { namespace: organization.namespace, path: 'shared' });
  await buildPermission(em, shared, other, 'write');
  const basic = await registry.applicationToken(owner);
  const writer = clientOf(registry, basic);
  const colleague = clientOf(registry, await registry.applicationToken(other));
  for (const repository of ['org/a', 'org/b']) await writer.pushImage(repository, 'base');
  await writer.pushBlob('org/b', 'hidden');
  let before: Record<string, number> = {};
  return {
    registry,
    writer,
    basic,
    colleague,
    count: async () => {
      before = await held(registry);
    },
    expectNothingNew: async () => {
      expect(await held(registry)).toEqual(before);
    },
    wire: async (method, path, headers = []) => {
      const head = [
        `${method} ${path} HTTP/1.1`,
        'Host: registry',
        `Authorization: ${basic}`,
        'Connection: close',
        ...headers,
      ];
      const { status, body } = await rawRequest(registry.url, `${head.join('\r\n')}\r\n\r\n`);
      return { status, code: /"code":"(\w+)"/.exec(body)?.[1] };
    },
    putManifest: (body, contentType = ociManifest, reference = 'bad') =>
      writer.send('PUT', `/v2/org/a/manifests/${reference}`, { headers: { 'Content-Type': contentType }, body }),
    begin: async (client = writer, repository = 'org/a') =>
      (await client.send('POST', `/v2/${repository}/blobs/uploads/`)).headers.get('location') ?? '',
    close: () => registry.close(),
  };
}

/** Sessions, rows and objects. */
async function held(registry: TestRegistry): Promise<Record<string, number>> {
  const tables = [
    'upload_sessions',
    'manifests',
    'tags',
    'blobs',
    'repository_blobs',
    'repositories',
    // Not of pulls: those are written a second later, while the next test runs.
    `usage_log_entries where kind <> 'repository.pulled'`,
  ];
  const [row] = await registry.database.orm.em
    .getConnection()
    .execute<Record<string, string>[]>(
      `select ${tables.map((table) => `(select count(*) from ${table}) as ${table.split(' ')[0] ?? ''}`).join(', ')}`,
    );
  const files = await readdir(registry.folder, { recursive: true, withFileTypes: true });
  const counts = Object.entries(row ?? {}).map(([name, count]) => [name, Number(count)] as const);
  return { ...Object.fromEntries(counts), files: files.filter((file) => file.isFile()).length };
}
