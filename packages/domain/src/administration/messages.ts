import { GlobalMessage } from '@escale/schema/entities';
import { isUuid } from '@escale/schema/values';
import { requireAdministrator } from '../access/require-administrator.ts';
import { principalName } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { inputInvalid, notFound } from '../errors.ts';
import { futureDate } from '../inputs/future-date.ts';
import { recordUsage } from '../usage-logs/record.ts';

export type MessageSeverity = 'info' | 'warning' | 'error';

/** Messages at once; a wall of banners is read by nobody. */
const atMost = 20;

/** What everybody sees, signed in or not; the newest first. */
export async function listMessages({ em, now }: Pick<Context, 'em' | 'now'>): Promise<GlobalMessage[]> {
  return em.find(
    GlobalMessage,
    { $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] },
    { orderBy: { createdAt: 'desc', id: 'desc' }, limit: atMost },
  );
}

/** @throws DENIED to all but administrators, INPUT_INVALID with field `text` or `expiresAt` */
export async function createMessage(
  ctx: Context,
  input: { severity: MessageSeverity; text: string; expiresAt?: Date | null | undefined },
): Promise<GlobalMessage> {
  requireAdministrator(ctx);
  const text = input.text.trim();
  if (text.length < 1 || text.length > 1000) throw inputInvalid('text', 'a message has 1 to 1000 characters');
  if ((await listMessages(ctx)).length >= atMost)
    throw inputInvalid('text', `there are ${String(atMost)} messages already; delete one first`);
  const message = ctx.em.create(GlobalMessage, {
    severity: input.severity,
    text,
    expiresAt: futureDate(ctx, input.expiresAt, 'expiresAt'),
    createdBy: principalName(ctx.principal),
  });
  recordUsage(ctx, 'message.created', { details: { message: message.id, severity: input.severity } });
  await ctx.em.flush();
  return message;
}

/** @throws DENIED to all but administrators, NOT_FOUND */
export async function deleteMessage(ctx: Context, { id }: { id: string }): Promise<{ id: string }> {
  requireAdministrator(ctx);
  const message = isUuid(id) ? await ctx.em.findOne(GlobalMessage, { id }) : null;
  if (!message) throw notFound('this message', 'id');
  ctx.em.remove(message);
  recordUsage(ctx, 'message.deleted', { details: { message: id } });
  await ctx.em.flush();
  return { id };
}
