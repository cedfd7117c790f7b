import { ApiToken, User } from '@escale/schema/entities';
import { apiScopes, type ApiScope } from '../access/api-scope.ts';
import type { Context } from '../context.ts';
import { createToken } from '../credentials/stored-secret.ts';
import { tokenExpiry } from '../credentials/token-lifetime.ts';
import { inputInvalid } from '../errors.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireUser } from '../users/require-user.ts';

export interface NewApiToken {
  readonly title: string;
  readonly scopes: readonly ApiScope[];
  /** Null for never; left out: 90 days. */
  readonly expiresAt?: Date | null | undefined;
}

/** A token together with its text, which exists only in this answer. */
export interface ShownApiToken {
  readonly apiToken: ApiToken;
  readonly plain: string;
}

/**
 * Makes a bearer of the management API that acts as its owner, within its scopes. It is shown once.
 * @throws INPUT_INVALID with field `title`, `scopes` or `expiresAt`
 */
export async function createApiToken(ctx: Context, input: NewApiToken): Promise<ShownApiToken> {
  const owner = requireUser(ctx);
  const title = input.title.trim();
  if (title.length < 1 || title.length > 255 || title.includes('\0'))
    throw inputInvalid('title', 'the title must have 1 to 255 characters');
  const scopes = (Object.keys(apiScopes) as ApiScope[]).filter((scope) => input.scopes.includes(scope));
  if (scopes.length === 0) throw inputInvalid('scopes', 'an API token needs at least one scope');
  const { plain, stored } = createToken(ctx.vault, 'api', { revealable: false });
  const apiToken = ctx.em.create(ApiToken, {
    ...stored,
    user: ctx.em.getReference(User, owner.id),
    title,
    scopes,
    expiresAt: await tokenExpiry(ctx, 'api', input.expiresAt),
  });
  recordUsage(ctx, 'api_token.created', { namespace: owner.name, details: { title, scopes } });
  await ctx.em.flush();
  return { apiToken, plain };
}
