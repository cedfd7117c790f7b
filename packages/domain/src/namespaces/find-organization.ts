import { Organization, User } from '@escale/schema/entities';
import type { Context } from '../context.ts';

/** The header of an organization is visible to all; its parts need rights. */
export async function findOrganization(ctx: Context, name: string): Promise<Organization | undefined> {
  return (await ctx.em.findOne(Organization, { namespace: { name, deletedAt: null } })) ?? undefined;
}

/** A user by name; likewise only a header. */
export async function findUser(ctx: Context, username: string): Promise<User | undefined> {
  return (await ctx.em.findOne(User, { namespace: { name: username, kind: 'user' } })) ?? undefined;
}
