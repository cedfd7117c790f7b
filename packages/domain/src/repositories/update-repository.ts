import { Repository } from '@escale/schema/entities';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { optionalText } from '../inputs/optional-text.ts';
import { recordUsage } from '../usage-logs/record.ts';

/** Changes the description; write is enough. @throws NAME_UNKNOWN, DENIED, INPUT_INVALID */
export async function updateRepository(
  ctx: Context,
  input: { repository: string; description?: string | null | undefined },
): Promise<Repository> {
  const { id } = await requireRole(ctx, input.repository, 'write');
  const repository = await ctx.em.findOneOrFail(Repository, { id });
  if (input.description !== undefined) {
    repository.description = optionalText(input.description, 'description', 50_000);
    repository.provisional = false;
    recordUsage(ctx, 'repository.updated', { repository, details: { changed: ['description'] } });
    await ctx.em.flush();
  }
  return repository;
}
