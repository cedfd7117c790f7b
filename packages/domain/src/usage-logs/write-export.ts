import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { LogExport, UsageLogEntry } from '@escale/schema/entities';
import type { EntityManager } from '@escale/schema/orm';
import type { Context } from '../context.ts';
import { usageCondition } from './list-usage.ts';
import { usageHeader, usageLine } from './usage-lines.ts';

const compress = promisify(gzip);

/** Entries in one piece of a file. */
const partSize = 2000;
/** Seconds after which the run of a process that died is taken over; every piece renews it. */
const claimSeconds = 60;

/**
 * Writes the file of the export that waits longest, piece by piece: a background job. Several processes may do so at once.
 * @returns whether there was one
 */
export async function writeNextExport({ em }: Pick<Context, 'em'>): Promise<boolean> {
  const claimed = await em.execute<{ id: string }[]>(
    `update log_exports set state = 'running', claimed_until = now() + interval '${String(claimSeconds)} seconds', entries = 0
       where id = (select id from log_exports
         where state = 'waiting' or (state = 'running' and claimed_until < now())
         order by created_at limit 1 for update skip locked) returning id`,
  );
  const id = claimed[0]?.id;
  if (id === undefined) return false;
  try {
    await write(em.fork(), id);
    await em.execute(`update log_exports set state = 'ready', claimed_until = null where id = ?`, [id]);
  } catch (error) {
    await em.execute(`update log_exports set state = 'failed', claimed_until = null where id = ?`, [id]);
    throw error;
  }
  return true;
}

async function write(em: EntityManager, id: string): Promise<void> {
  const { namespaceId, repositoryId, format, from, to, kinds, performer } = await em.findOneOrFail(LogExport, { id });
  const { where, parameters } = usageCondition(
    { namespaceId: namespaceId ?? null, repositoryId: repositoryId ?? null },
    { from, to, kinds, performer },
  );
  await em.execute('delete from log_export_parts where export_id = ?', [id]);
  let last: { at: string; id: string } | undefined;
  let text = usageHeader(format);
  for (let position = 0; ; position += 1) {
    const keys: { at: string; id: string }[] = await em.execute(
      `select x.at::text as at, x.id from usage_log_entries x where ${where}
         ${last ? 'and (x.at, x.id) > (?::timestamptz, ?::uuid)' : ''} order by x.at, x.id limit ?`,
      [...parameters, ...(last ? [last.at, last.id] : []), partSize],
    );
    const page = em.fork();
    const entries = await page.find(
      UsageLogEntry,
      { id: { $in: keys.map((key) => key.id) } },
      { orderBy: { at: 'asc', id: 'asc' } },
    );
    text += entries.map((entry) => usageLine(format, entry)).join('');
    if (text !== '') {
      await page.execute('insert into log_export_parts (export_id, position, content) values (?, ?, ?)', [
        id,
        position,
        await compress(text),
      ]);
    }
    text = '';
    await page.execute(
      `update log_exports set entries = entries + ?, claimed_until = now() + interval '${String(claimSeconds)} seconds' where id = ?`,
      [entries.length, id],
    );
    last = keys.at(-1);
    if (keys.length < partSize || !last) return;
  }
}
