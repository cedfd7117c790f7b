import { Robot, User, type Organization } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';

/**
 * A user, or a robot of this organization, by what they sign in with.
 * @throws NOT_FOUND; robots of others look like none
 */
export async function findMember(
  ctx: Context,
  organization: Organization,
  login: string,
  field = 'member',
): Promise<User | Robot> {
  const [namespace = '', name, ...rest] = login.split('+');
  const found =
    name === undefined
      ? await ctx.em.findOne(User, { namespace: { name: namespace, kind: 'user' } })
      : namespace === organization.name && rest.length === 0
        ? await ctx.em.findOne(Robot, { namespace: organization.namespace.id, name })
        : null;
  if (!found) {
    const what = name === undefined ? 'the user' : `a robot of ${organization.name} with the login`;
    throw notFound(`${what} ${login.slice(0, 255)}`, field);
  }
  return found;
}
