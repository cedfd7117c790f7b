import { readdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import { runningPostgres } from '@escale/cli/embedded';
import { createOrm, type Orm } from '@escale/schema/testing';
import { collect } from '../support/collect.ts';
import type { Stack } from '../support/stack.ts';

/** Days that pass: more than any lease, hold, undo window, time machine or sweep waits. */
const days = 60;

/** Every moment of these is moved back, which is how time passes for a running product. */
const content = ['blobs', 'repository_blobs', 'manifests', 'tags', 'tag_events', 'upload_sessions', 'repositories'];

/**
 * Lets two months pass and collects until there is nothing more to collect, then compares what is stored with what is
 * known (D13). On the filesystem. What no tag names is gone afterwards, so this comes last.
 * @returns objects without a row, rows without an object, rows that nothing needs, and uploads that nobody ends; in words
 */
export async function leftOver(stack: Pick<Stack, 'dataDir'>): Promise<string[]> {
  const databaseUrl = await runningPostgres(path.join(stack.dataDir, 'database'));
  if (databaseUrl === undefined) throw new Error('the database of the product does not run');
  const orm = await createOrm({ databaseUrl, poolSize: 2 });
  try {
    await passTime(orm);
    await ageFiles(stack.dataDir);
    // What lists goes before what it lists: as many runs as manifests are deep, and one that finds nothing.
    for (let run = 0; run < 4; run += 1) await collect(stack);
    return await compare(orm, stack.dataDir);
  } finally {
    await orm.close();
  }
}

async function passTime(orm: Orm): Promise<void> {
  const em = orm.em.fork();
  const columns = await em.execute<{ table_name: string; column_name: string }[]>(
    `select table_name, column_name from information_schema.columns
       where table_schema = current_schema() and data_type = 'timestamp with time zone' and table_name = any (?)`,
    [`{${content.join(',')}}`],
  );
  for (const table of content) {
    const moments = columns.filter(({ table_name }) => table_name === table).map(({ column_name }) => column_name);
    const moved = moments.map((column) => `"${column}" = "${column}" - interval '${String(days)} days'`);
    if (moved.length > 0) await em.execute(`update ${table} set ${moved.join(', ')}`);
  }
}

async function ageFiles(dataDir: string): Promise<void> {
  const then = new Date(Date.now() - days * 24 * 60 * 60 * 1000);
  for (const folder of ['blobs', 'uploads']) {
    const entries = await readdir(path.join(dataDir, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries) if (entry.isFile()) await utimes(path.join(entry.parentPath, entry.name), then, then);
  }
}

async function compare(orm: Orm, dataDir: string): Promise<string[]> {
  const blobs = path.join(dataDir, 'blobs');
  const files = (await readdir(blobs, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const stored = files.map((entry) => path.relative(blobs, path.join(entry.parentPath, entry.name)));
  const em = orm.em.fork();
  const rows = await em.execute<{ storage_key: string; needed: boolean }[]>(
    `select storage_key, exists (select from manifest_blobs e where e.blob_id = b.id) as needed from blobs b`,
  );
  const known = new Set(rows.map(({ storage_key: key }) => key));
  const objects = new Set(stored);
  const sessions = await em.execute<{ id: string }[]>('select id from upload_sessions');
  const staged = await readdir(path.join(dataDir, 'uploads')).catch(() => []);
  return [
    ...stored.filter((name) => !known.has(name)).map((name) => `leaked: the object ${name} has no row`),
    ...[...known].filter((name) => !objects.has(name)).map((name) => `lost: a row says ${name}, which is not stored`),
    ...rows.filter(({ needed }) => !needed).map(({ storage_key: key }) => `leaked: nothing needs ${key}`),
    ...sessions.map(({ id }) => `leaked: the upload ${id} does not end`),
    ...staged.filter((name) => !name.startsWith('.')).map((name) => `leaked: the staging file ${name}`),
  ];
}
