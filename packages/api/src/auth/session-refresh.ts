import { refreshTokenGrant } from 'openid-client';
import { ProviderGrant, Session, type User } from '@escale/schema/entities';
import { anonymous } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import { DomainError } from '@escale/domain/errors';
import { DirectoryUnavailable } from '@escale/domain/groups';
import { endSessionForProvider, followIdentity, suspendUser } from '@escale/domain/users';
import type { Services } from '../services.ts';
import { claimDue, hasOtherGrants, type Grant } from './due-grants.ts';
import { identityOfTokens, type ProviderTokens } from './provider-identity.ts';
import { isUnavailable } from './provider-unavailable.ts';
import { meaningOfRefusal, wordsOfRefusal } from './refused-grant.ts';
import { refreshTokenOf, sealTokens } from './session-tokens.ts';

/** Longest pause between two searches for due grants; shorter where the refresh interval asks for it. Milliseconds. */
const lookMilliseconds = 15_000;
/** After a failure that says nothing of the person. */
const retryMilliseconds = 15_000;
/** How long a browser may take to end the provider's session after it has ended here. */
const signOutMilliseconds = 15_000;
/** Refreshes at once in one process. */
const slots = 4;

/**
 * Asks the identity provider again about everybody who has signed in (T11). A person whom it refuses is suspended: sessions,
 * tokens and administration stop until the next sign-in. Groups are followed. This goes on when the browser's session has ended,
 * because tokens go on as well; where the provider has a directory that can be asked, that is asked instead (`checkPeople`). A
 * provider that does not answer ends nothing. Any number of processes do this side by side: a refresh token works once, so a row
 * is claimed before it is used.
 */
export class SessionRefresher {
  readonly #services: Services;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(services: Services) {
    this.#services = services;
    const pause = Math.min(lookMilliseconds, services.config.oidc.refreshSeconds * 250);
    this.#timer = setInterval(() => {
      this.#running ??= this.refreshDue().finally(() => {
        this.#running = undefined;
      });
    }, pause);
    this.#timer.unref();
  }

  /** Refreshes everything that is due; never fails. */
  async refreshDue(): Promise<void> {
    await Promise.all(
      Array.from({ length: slots }, async () => {
        try {
          while (!this.#closed && (await this.#refreshNext()));
        } catch (error) {
          this.#services.logger.warn({ err: error }, 'sessions cannot be refreshed');
        }
      }),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  /** @returns whether it is worth going on: false when none is due, or when the provider does not answer */
  async #refreshNext(): Promise<boolean> {
    const { orm, vault, directory, logger } = this.#services;
    const ctx: Context = { em: orm.em.fork(), principal: anonymous, now: new Date(), vault, client: {} };
    const grant = await claimDue(ctx, { openSessionsOnly: directory !== undefined });
    if (!grant) return false;
    try {
      await this.#refresh(ctx, grant);
      return true;
    } catch (error) {
      if (await this.#endRefused(ctx, grant, error)) return true;
      logger.warn({ err: error, user: grant.user.username }, 'a session could not be refreshed');
      await postpone(ctx, grant);
      return !isUnavailable(error);
    }
  }

  async #refresh(ctx: Context, grant: Grant): Promise<void> {
    const token = refreshTokenOf(this.#services, grant);
    // Sealed with a key that is gone: nobody can ask about this person any more.
    if (token === undefined) throw new DomainError('UNAUTHORIZED', 'the refresh token of the session cannot be read');
    const client = await this.#services.provider.configuration();
    const tokens = await refreshTokenGrant(client, token);
    // Kept before anything else can fail: the provider takes the former one for stolen when it sees it again.
    await this.#keep(ctx, grant, tokens);
    const { identity } = await identityOfTokens(this.#services, client, tokens, grant.user.subject);
    await followIdentity(ctx, grant.user, identity);
    await ctx.em.flush();
  }

  async #keep(ctx: Context, { id }: Grant, tokens: ProviderTokens): Promise<void> {
    const { idToken, ...sealed } = sealTokens(this.#services, id, tokens, new Date());
    const kept = await ctx.em.nativeUpdate(Session, { id }, { ...sealed, ...(idToken && { idToken }) });
    // The session may have ended meanwhile: then its token is a grant.
    if (kept > 0) return;
    await ctx.em.nativeUpdate(ProviderGrant, { id }, sealed as Partial<ProviderGrant>);
    // The provider's session outlived the sign-out, so that a later refusal is not a consequence of it.
    const createdAt = { $lte: new Date(Date.now() - signOutMilliseconds) };
    await ctx.em.nativeUpdate(ProviderGrant, { id, createdAt }, { signedOut: false });
  }

  /**
   * Draws the consequences of an answer that ends the grant.
   * @returns false for a failure that says nothing: the grant is tried again later
   */
  async #endRefused(ctx: Context, grant: Grant, error: unknown): Promise<boolean> {
    const meaning = meaningOfRefusal(error, grant, new Date());
    if (meaning === undefined && !(error instanceof DomainError && error.code === 'UNAUTHORIZED')) return false;
    if (meaning === 'person') return this.#suspend(ctx, grant.user, error);
    if (grant instanceof Session) await endSessionForProvider(ctx, grant);
    else await ctx.em.nativeDelete(ProviderGrant, { id: grant.id });
    // Another session of the person is due within the refresh time too, and says more.
    if (meaning !== 'unexplained' || (await hasOtherGrants(ctx, grant.user))) return true;
    return (await this.#maySignIn(grant.user)) ? true : this.#suspend(ctx, grant.user, error);
  }

  async #suspend(ctx: Context, user: User, error: unknown): Promise<true> {
    const reason = wordsOfRefusal(error);
    if (await suspendUser(ctx, user, { reason, askedAt: ctx.now }))
      this.#services.logger.info({ user: user.username, reason }, 'a person is suspended until the next sign-in');
    return true;
  }

  /** What the provider's directory says, where there is one. While it does not answer, its regular check decides later. */
  async #maySignIn({ subject }: User): Promise<boolean> {
    const { directory } = this.#services;
    if (!directory) return false;
    try {
      return (await directory.stateOf(subject)) === 'enabled';
    } catch (error) {
      if (error instanceof DirectoryUnavailable) return true;
      throw error;
    }
  }
}

async function postpone({ em }: Context, grant: Grant): Promise<void> {
  const refreshAt = new Date(Date.now() + retryMilliseconds);
  if (grant instanceof Session) await em.nativeUpdate(Session, { id: grant.id }, { refreshAt });
  else await em.nativeUpdate(ProviderGrant, { id: grant.id }, { refreshAt });
}
