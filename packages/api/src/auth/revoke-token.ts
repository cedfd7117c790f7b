import type { Context as KoaContext } from 'koa';
import { z } from 'zod';
import { revokePresentedToken } from '@escale/domain/credentials';
import { clientFacts } from '../client-facts.ts';
import type { Services } from '../services.ts';

/**
 * `POST /auth/revoke` with a form field `token`: ends that token, be it an application token, an API token or a robot's
 * (RFC 7009). Whoever holds it may; 200 also for what is no token, so that nobody learns anything by asking.
 */
export async function revokeToken(services: Services, http: KoaContext): Promise<void> {
  http.set('Cache-Control', 'no-store');
  const form = z.object({ token: z.string().min(1).max(512) }).safeParse((http.request as { body?: unknown }).body);
  if (!form.success) {
    http.status = 400;
    http.body = { error: 'invalid_request' };
    return;
  }
  const { orm, vault } = services;
  const auth = { em: orm.em.fork(), vault, now: new Date(), client: clientFacts(services, http) };
  await revokePresentedToken(auth, form.data.token);
  http.status = 200;
  http.body = '';
}
