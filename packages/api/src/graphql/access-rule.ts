import { isObjectType, type GraphQLFieldExtensions, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { Extensions } from 'type-graphql';
import { requireScope, type NeededScope } from '@escale/domain/access';
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
  /** What an API token must be for, where it does not follow from the rest (`scopeOf`). */
  readonly scope?: NeededScope;
}

/**
 * Declares who may call a root field. Without it the schema is not built: no resolver without a rule. `caller` is checked here,
 * before the resolver runs; `needs` is what its verb asks the rule of rights, and what the matrix of rights is generated from.
 */
export function Access(
  caller: Caller,
  needs: Needs,
  { beforeConfirming = false, scope }: { beforeConfirming?: boolean; scope?: NeededScope } = {},
): MethodDecorator {
  const rule: AccessRule = { caller, needs, beforeConfirming, ...(scope && { scope }) };
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

const mutationScopes: Readonly<Record<Needs, NeededScope>> = {
  nothing: 'person',
  own: 'person',
  visible: 'repositories:write',
  'repository read': 'repositories:write',
  'repository write': 'repositories:write',
  'repository admin': 'repositories:admin',
  'namespace member': 'organizations:admin',
  'namespace creator': 'repositories:write',
  'namespace admin': 'organizations:admin',
};

/** What an API token must be for to call a root field: its rule says so, or it follows from what its verb asks for. */
export function scopeOf({ caller, needs, beforeConfirming, scope }: AccessRule, operation: string): NeededScope {
  if (scope) return scope;
  if (caller === 'administrator') return 'administration';
  if (operation === 'Mutation') return mutationScopes[needs];
  // What those may ask who are not quite here yet, and which concerns nobody.
  return beforeConfirming && needs === 'nothing' ? 'nothing' : 'read';
}

/** The first thing that happens to a root field. @throws UNAUTHORIZED, DENIED */
export function checkCaller(ctx: ApiContext, parentType: GraphQLObjectType, fieldName: string): void {
  const rule = ruleIn(parentType.getFields()[fieldName]?.extensions ?? {});
  if (!rule) throw new Error(`${fieldName} has no access rule`);
  if (ctx.unconfirmed && !rule.beforeConfirming) throw denied('confirm your user name first', { confirm: true });
  requireScope(ctx, scopeOf(rule, parentType.name));
  const { principal } = ctx;
  if (rule.caller === 'anyone') return;
  if (principal.kind === 'anonymous') throw unauthorized('sign in first');
  if (rule.caller === 'signed in') return;
  const user = requireUser(ctx);
  if (rule.caller === 'administrator' && !user.isAdministrator)
    throw denied('this is for administrators of the registry');
}
