import { SecretKey } from '@escale/schema/entities';
import type { Context } from '../context.ts';

const canary = 'escale';
const boundTo = (keyId: string): string => `secret_keys:${keyId}:canary`;

/**
 * Whether the secret key is the one that this database's secrets were made with; notes a new generation (S12). Asked at every
 * start: a wrong key must be said then, not by a thousand refused sign-ins.
 * @throws Error with one line for a person
 */
export async function checkSecretKey({ em, vault }: Pick<Context, 'em' | 'vault'>): Promise<void> {
  const known = await em.find(SecretKey, {}, { orderBy: { createdAt: 'desc' } });
  const newest = known[0];
  if (newest && !vault.keyIds.includes(newest.id)) {
    throw new Error(
      `the secret key is not the one that this database's secrets were made with (${newest.id}): set ESCALE_SECRET_KEY to that ` +
        'key; to change it, set the new key there and the former one in ESCALE_SECRET_KEY_PREVIOUS',
    );
  }
  for (const { id, canary: sealed } of known) {
    if (!vault.keyIds.includes(id)) continue;
    if (vault.sealedWith(sealed, boundTo(id)) !== id) throw new Error(`the canary of the secret key ${id} is damaged`);
  }
  if (known.some(({ id }) => id === vault.keyId)) return;
  await em.execute('insert into secret_keys (id, canary, created_at) values (?, ?, now()) on conflict do nothing', [
    vault.keyId,
    vault.seal(canary, boundTo(vault.keyId)),
  ]);
}
