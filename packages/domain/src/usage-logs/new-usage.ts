import { UsageLogEntry } from '@escale/schema/entities';
import { isUuid } from '@escale/schema/values';
import type { Context } from '../context.ts';

/** The channel on which the database announces new entries; a payload is the id of one. */
export const usageChannel = 'escale_usage';

/** The entries of some announcements, in the order in which they happened. No rights are asked: whoever shows them does. */
export async function announcedUsage({ em }: Pick<Context, 'em'>, ids: readonly string[]): Promise<UsageLogEntry[]> {
  return em.find(UsageLogEntry, { id: { $in: ids.filter(isUuid) } }, { orderBy: { at: 'asc', id: 'asc' } });
}
