import { isObjectType, type GraphQLFieldExtensions, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import { Extensions } from 'type-graphql';
import { requireUser } from '@escale/domain/users';
import { denied, unauthorized } from '@escale/domain/errors';
import type { RepositoryRole, TeamRole } from '@escale/schema/values';
import type { ApiContext } from './context.ts';

/** Who may call at all, whatever the thing is that the call is about. */
export type Caller = 'anyone' | 'signed in' | 'person' | 'administrator';

/** What the verb asks for on the thing that the call names; `own`: only the caller's own things; `visible`: what may be seen. */
export type Needs = 'nothing' | 'own' | 'visible' | `repository ${RepositoryRole}` | `namespace ${TeamRole}`;

export interface AccessRule {
  readonly caller: Caller;
  readonly needs: Needs;
  /** Open to somebody who has not yet confirmed the user name of the first sign-in. */
  readonly beforeConfirming: boolean;
}

/**
 * Declares who may call a root field. Without it the schema is not built: no resolver without a rule. `caller` is checked here,
 * before the resolver runs; `needs` is what its verb asks the rule of rights, and what the matrix of rights is generated from.
 */
export function Access(caller: Caller, needs: Needs, { beforeConfirming = false } = {}): MethodDecorator {
  const rule: AccessRule = { caller, needs, beforeConfirming };
  return Extensions({ access: rule });
}

/** @throws Error naming every root field that declares no rule */
export function requireAccessRules(schema: GraphQLSchema): void {
  const missing = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields())
          .filter(({ extensions }) => !ruleIn(extensions))
          .map(({ name }) => `${type.name}.${name}`)
      : [],
  );
  if (missing.length > 0) throw new Error(`no access rule is declared for ${missing.join(', ')}: add @Access(…)`);
}

/** The rule of a root field. */
export function ruleIn(extensions: Readonly<GraphQLFieldExtensions<unknown, unknown>>): AccessRule | undefined {
  return extensions['access'] as AccessRule | undefined;
}

/** The first thing that happens to a root field. @throws UNAUTHORIZED, DENIED */
export function checkCaller(ctx: ApiContext, { parentType, fieldName }: GraphQLResolveInfo): void {
  const rule = ruleIn(parentType.getFields()[fieldName]?.extensions ?? {});
  if (!rule) throw new Error(`${fieldName} has no access rule`);
  if (ctx.unconfirmed && !rule.beforeConfirming) throw denied('confirm your user name first', { confirm: true });
  const { principal } = ctx;
  if (rule.caller === 'anyone') return;
  if (principal.kind === 'anonymous') throw unauthorized('sign in first');
  if (rule.caller === 'signed in') return;
  const user = requireUser(ctx);
  if (rule.caller === 'administrator' && !user.isAdministrator)
    throw denied('this is for administrators of the registry');
}
