import { UploadSession } from '@escale/schema/entities';
import type { Context } from '../context.ts';

/** Forgets an upload: cancelled by its client, or refused because its content was not what it claimed to be. */
export async function dropUpload(ctx: Pick<Context, 'em'>, id: string): Promise<void> {
  await ctx.em.nativeDelete(UploadSession, { id });
}

/** Ids of uploads that waited too long, at most 100 at a time; their rows are gone when this resolves. */
export async function dropExpiredUploads(ctx: Pick<Context, 'em'>): Promise<string[]> {
  const rows = await ctx.em.execute<{ id: string }[]>(
    `delete from upload_sessions where id in (select id from upload_sessions where expires_at < now()
       and (writer is null or writer_until < now()) limit 100 for update skip locked) returning id`,
  );
  return rows.map(({ id }) => id);
}
