import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context as KoaContext } from 'koa';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { LogExport } from '@escale/schema/entities';
import { isUuid } from '@escale/schema/values';
import { anonymous } from '@escale/domain/access';
import { as, type Context } from '@escale/domain/context';
import { userPrincipal, type Vault } from '@escale/domain/credentials';
import { notFound } from '@escale/domain/errors';
import { readExport } from '@escale/domain/usage-logs';
import { clientFacts } from '../client-facts.ts';
import type { Services } from '../services.ts';

/** Where an export's file is fetched: whoever has the link may, while its requester may read these logs. */
export function exportLink({ config, vault }: Pick<Services, 'config' | 'vault'>, id: string): string {
  return `${config.externalUrl}/graphql/exports/${id}?key=${keyOf(vault, id).toString('base64url')}`;
}

const mediaTypes = { jsonl: 'application/jsonl; charset=utf-8', csv: 'text/csv; charset=utf-8' } as const;

/** `GET /graphql/exports/<id>?key=`: streams the file; its size is not known before. @throws NOT_FOUND for all that does not fit */
export async function sendExport(services: Services, http: KoaContext, id: string): Promise<void> {
  const { orm, vault } = services;
  const gone = () => notFound('this export');
  const key = Buffer.from(new URLSearchParams(http.querystring).get('key') ?? '', 'base64url');
  const expected = keyOf(vault, id);
  if (!isUuid(id) || key.length !== expected.length || !timingSafeEqual(key, expected)) throw gone();
  const em = orm.em.fork();
  const found = await em.findOne(LogExport, { id });
  if (found?.state !== 'ready') throw gone();
  const nobody: Context = { em, vault, now: new Date(), principal: anonymous, client: clientFacts(services, http) };
  const ctx = as(nobody, userPrincipal(found.requestedBy, { kind: 'session' }));
  const pieces = readExport(ctx, id);
  // The first piece is read before anything is answered: what is refused is refused with a status.
  const first = await pieces.next();
  const name = `usage-log-${found.createdAt.toISOString().slice(0, 10)}.${found.format}`;
  http.set('Content-Disposition', `attachment; filename="${name}"`);
  http.set('Cache-Control', 'no-store');
  http.type = mediaTypes[found.format];
  const plain = createGunzip();
  http.body = plain;
  pipeline(Readable.from(rest(first, pieces)), plain).catch((error: unknown) => {
    services.logger.warn({ err: error, export: id }, 'an export was not sent to its end');
  });
}

/** Compressed pieces one after the other are one compressed file (RFC 1952, section 2.2). */
async function* rest(
  first: IteratorResult<Uint8Array>,
  pieces: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first.done) return;
  yield first.value;
  yield* pieces;
}

function keyOf(vault: Vault, id: string): Buffer {
  return createHmac('sha256', vault.derive('log-export-link', 32)).update(id).digest();
}
