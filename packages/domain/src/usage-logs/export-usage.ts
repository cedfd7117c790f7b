import { LogExport, LogExportPart, User } from '@escale/schema/entities';
import { isUuid } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { requireUser } from '../users/require-user.ts';
import { requireUsageReader, usageCondition, type UsageFilter, type UsageScope } from './list-usage.ts';
import { recordUsage } from './record.ts';
import type { UsageFormat } from './usage-lines.ts';

/** Hours that a file may be fetched for. */
const keptHours = 24;

/**
 * Asks for a file of the entries up to now; a background job writes it (`writeNextExport`).
 * @throws as `requireUsageReader`; INPUT_INVALID with the field at fault
 */
export async function requestExport(
  ctx: Context,
  input: UsageScope & UsageFilter & { readonly format: UsageFormat },
): Promise<LogExport> {
  const readable = await requireUsageReader(ctx, input);
  const requester = requireUser(ctx);
  const { namespace, repository = null, from, to, kinds, performer, format } = input;
  const until = to && to < ctx.now ? to : ctx.now;
  // As the job will ask: what it would fail on is refused now.
  usageCondition(readable, { from, to: until, kinds, performer });
  const { namespaceId, repositoryId } = readable;
  const owner = namespace ?? repository?.split('/')[0] ?? null;
  const logExport = ctx.em.create(LogExport, {
    requestedBy: ctx.em.getReference(User, requester.id),
    namespace: owner,
    namespaceId,
    repository,
    repositoryId,
    format,
    from: from ?? null,
    to: until,
    kinds: kinds ? [...kinds] : null,
    performer: performer ?? null,
    expiresAt: new Date(ctx.now.getTime() + keptHours * 60 * 60 * 1000),
  });
  recordUsage(ctx, 'usage_log.exported', {
    ...(owner !== null && { namespace: owner }),
    ...(repository !== null && repositoryId !== null && { repository: { id: repositoryId, name: repository } }),
    details: { format },
  });
  await ctx.em.flush();
  return logExport;
}

/** The caller's own; another person's is answered like one that does not exist. @throws NOT_FOUND */
export async function findExport(ctx: Context, id: string): Promise<LogExport> {
  const { id: requestedBy } = requireUser(ctx);
  const found = isUuid(id) ? await ctx.em.findOne(LogExport, { id, requestedBy, expiresAt: { $gt: ctx.now } }) : null;
  if (!found) throw notFound('this export', 'id');
  return found;
}

/** The finished file of an export, piece by piece, each compressed with gzip. @throws as `findExport`, `requireUsageReader` */
export async function* readExport(ctx: Context, id: string): AsyncGenerator<Uint8Array> {
  const found = await findExport(ctx, id);
  // Asked again: who was an admin when asking for the file may not be one any more.
  const { namespaceId, repositoryId } = await requireUsageReader(ctx, found);
  const isSame = found.namespaceId === namespaceId && found.repositoryId === repositoryId;
  if (found.state !== 'ready' || !isSame) throw notFound('this export', 'id');
  for (let position = 0; ; position += 1) {
    const part = await ctx.em.fork().findOne(LogExportPart, { export: found.id, position });
    if (!part) return;
    yield part.content;
  }
}
