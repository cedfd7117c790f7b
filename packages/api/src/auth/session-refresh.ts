import { refreshTokenGrant, ResponseBodyError } from 'openid-client';
import { Session } from '@escale/schema/entities';
import { anonymous } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import { DomainError } from '@escale/domain/errors';
import { endSessionForProvider, followIdentity } from '@escale/domain/users';
import type { Services } from '../services.ts';
import { identityOfTokens, type ProviderTokens } from './provider-identity.ts';
import { isUnavailable } from './provider-unavailable.ts';
import { idleMilliseconds } from './session-cookie.ts';
import { refreshTokenOf, sealTokens } from './session-tokens.ts';

/** How often it is looked whether a session is due; more often where the interval asks for it. Milliseconds. */
const lookMilliseconds = 15_000;
/** A session that is being refreshed is nobody else's for so long; then somebody must have died over it. */
const claimMilliseconds = 60_000;
/** After a failure that says nothing of the person. */
const retryMilliseconds = 15_000;
/** Sessions refreshed at once by one process. */
const lanes = 4;

/**
 * Asks the identity provider again about everybody who is signed in (T11): whoever was disabled, deleted or signed out there is
 * signed out here, and groups are what they are there, also of those whose browser is silent but whose tokens are used. A
 * provider that does not answer ends nothing. Any number of processes do this side by side: a refresh token works once, so a
 * row is claimed before it is used.
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

  /** Refreshes every session that is due; never fails. */
  async refreshDue(): Promise<void> {
    await Promise.all(
      Array.from({ length: lanes }, async () => {
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
    const { orm, vault } = this.#services;
    const ctx: Context = { em: orm.em.fork(), principal: anonymous, now: new Date(), vault, client: {} };
    const session = await claimDue(ctx);
    if (!session) return false;
    try {
      await this.#refresh(ctx, session);
      return true;
    } catch (error) {
      if (isOver(error)) {
        await endSessionForProvider(ctx, session);
        return true;
      }
      this.#services.logger.warn({ err: error, user: session.user.username }, 'a session could not be refreshed');
      await ctx.em.nativeUpdate(Session, { id: session.id }, { refreshAt: later(retryMilliseconds) });
      return !isUnavailable(error);
    }
  }

  async #refresh(ctx: Context, session: Session): Promise<void> {
    const token = refreshTokenOf(this.#services, session);
    // Sealed with a key that is gone: nobody can ask about this person any more.
    if (token === undefined) throw new DomainError('UNAUTHORIZED', 'the refresh token of the session cannot be read');
    const client = await this.#services.provider.configuration();
    const tokens = await refreshTokenGrant(client, token);
    // Kept before anything else can fail: the provider takes the former one for stolen when it sees it again.
    await this.#keep(ctx, session, tokens);
    const { identity } = await identityOfTokens(this.#services, client, tokens, session.user.subject);
    await followIdentity(ctx, session.user, identity);
    await ctx.em.flush();
  }

  async #keep(ctx: Context, session: Session, tokens: ProviderTokens): Promise<void> {
    const sealed = sealTokens(this.#services, session.id, tokens, new Date());
    await ctx.em.nativeUpdate(Session, { id: session.id }, sealed);
  }
}

const later = (milliseconds: number): Date => new Date(Date.now() + milliseconds);

/** Takes the session that waits longest; it comes up again when nobody has finished with it in time. */
async function claimDue({ em, now }: Context): Promise<Session | null> {
  const [claimed] = await em.execute<{ id: string }[]>(
    `update sessions set refresh_at = ? where id = (
       select id from sessions
       where refresh_token is not null and refresh_at <= ? and expires_at > ? and last_seen_at > ?
       order by refresh_at limit 1 for update skip locked
     ) returning id`,
    [later(claimMilliseconds), now, now, new Date(now.getTime() - idleMilliseconds)],
  );
  return claimed ? em.findOne(Session, { id: claimed.id }) : null;
}

/** Whether a failure means that the person is signed in no longer: the provider says so, or speaks of somebody else. */
function isOver(error: unknown): boolean {
  if (error instanceof DomainError) return error.code === 'UNAUTHORIZED';
  return error instanceof ResponseBodyError && error.error === 'invalid_grant';
}
