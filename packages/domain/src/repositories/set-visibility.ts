import { Repository } from '@escale/schema/entities';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { recordUsage } from '../usage-logs/record.ts';

/** Public: everybody may see and pull at once, without signing in. Private: that ends at once. @throws NAME_UNKNOWN, DENIED */
export async function setVisibility(
  ctx: Context,
  input: { repository: string; visibility: 'private' | 'public' },
): Promise<Repository> {
  const { id } = await requireRole(ctx, input.repository, 'admin');
  const repository = await ctx.em.findOneOrFail(Repository, { id });
  if (repository.visibility !== input.visibility) {
    recordUsage(ctx, 'repository.visibility_changed', {
      repository,
      details: { from: repository.visibility, to: input.visibility },
    });
    repository.visibility = input.visibility;
    repository.provisional = false;
    await ctx.em.flush();
  }
  return repository;
}
