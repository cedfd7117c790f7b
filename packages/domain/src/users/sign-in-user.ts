import { registrySettings } from '../administration/registry-settings.ts';
import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { Namespace, User } from '@escale/schema/entities';
import { isReservedNamespace, nameCandidate } from '@escale/schema/values';
import { userPrincipal } from '../credentials/authenticate.ts';
import { as, type Context } from '../context.ts';
import { applyGroups } from '../groups/apply-groups.ts';
import { inTransaction } from '../in-transaction.ts';
import { acceptPendingMemberships } from '../teams/accept-pending.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { resumeUser } from './suspend-user.ts';

/** What the identity provider says of a person, already verified. */
export interface VerifiedIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** What the person is called there; a name is derived from it. */
  readonly preferredName: string;
  /** The user name at the provider, only when it says one: pending memberships wait for it. */
  readonly username?: string;
  /** A program that the provider knows by itself: nobody is there to be asked whether its name is right. */
  readonly isProgram?: boolean;
  /** Only when the provider says that it is verified. */
  readonly email?: string;
  readonly isAdministrator: boolean;
  /** Full paths of the groups that the person is in there. */
  readonly groups: readonly string[];
}

/**
 * Finds the user of an identity or creates one with a free name derived from `preferredName`, to be confirmed by the person.
 * Name, mail address, rights and the teams that follow groups come from the provider at every sign-in; identity is (issuer, subject) alone (S9).
 * @throws UNAUTHORIZED for a disabled user
 */
export async function signInUser(ctx: Context, identity: VerifiedIdentity): Promise<User> {
  const user = await findOrCreateUser(ctx, identity);
  if (!user.disabledAt) resumeUser(ctx, user);
  const principal = userPrincipal(user, { kind: 'session' });
  await followIdentity(ctx, user, identity);
  user.lastSignedInAt = ctx.now;
  recordUsage(as(ctx, principal), 'user.signed_in', { namespace: user.username });
  await ctx.em.flush();
  return user;
}

/** What the provider says of a person now takes effect: address, groups, teams in which somebody has been waiting. The caller saves. */
export async function followIdentity(ctx: Context, user: User, identity: VerifiedIdentity): Promise<void> {
  user.email = identity.email ?? null;
  await applyGroups(ctx, user, identity);
  await acceptPendingMemberships(ctx, user, identity);
}

/** The user of an identity, without counting it as a sign-in: a program presents a token with every request. */
export async function findOrCreateUser(ctx: Context, identity: VerifiedIdentity): Promise<User> {
  const { issuer, subject } = identity;
  return (await ctx.em.findOne(User, { issuer, subject })) ?? (await createUser(ctx, identity));
}

async function createUser(ctx: Context, identity: VerifiedIdentity): Promise<User> {
  // Two first sign-ins at once may want the same name, or be the same person: the database decides, we look again.
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await inTransaction(ctx, async (inner) => {
        // Over the transaction's own connection: as many first sign-ins at once as the pool has connections would all wait.
        const { timeMachineSeconds } = await registrySettings(inner);
        const namespace = inner.em.create(Namespace, {
          name: await freeName(inner, identity.preferredName),
          kind: 'user',
          timeMachineSeconds,
        });
        const { issuer, subject, isProgram = false } = identity;
        const user = inner.em.create(User, { namespace, issuer, subject, usernameConfirmed: isProgram });
        await inner.em.flush();
        recordUsage(as(inner, userPrincipal(user, { kind: 'session' })), 'user.created', { namespace: namespace.name });
        return user;
      });
    } catch (error) {
      if (!(error instanceof UniqueConstraintViolationException) || attempt === 5) throw error;
      const found = await ctx.em.findOne(User, { issuer: identity.issuer, subject: identity.subject });
      if (found) return found;
    }
  }
}

async function freeName(ctx: Context, preferred: string): Promise<string> {
  const base = nameCandidate(preferred);
  const taken = await ctx.em.execute<{ name: string }[]>('select name from namespaces where name = ? or name ~ ?', [
    base,
    `^${base.replaceAll('.', '\\.')}[0-9]+$`,
  ]);
  const names = new Set(taken.map((row) => row.name));
  for (let suffix = 1; ; suffix += 1) {
    const candidate = suffix === 1 ? base : `${base}${String(suffix)}`;
    if (!names.has(candidate) && !isReservedNamespace(candidate)) return candidate;
  }
}
