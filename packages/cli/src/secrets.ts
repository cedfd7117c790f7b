import { checkSecretKey, createVault, keyGenerations, wipeSealedCopies, type Vault } from '@escale/domain/credentials';
import type { Orm } from '@escale/schema/orm';
import type { EscaleConfig } from './config.ts';
import type { DataFolder } from './embedded/data-folder.ts';

const fileName = 'secret-key';

/**
 * The vault of the configured key, or of one that is generated into the data folder. A key that was generated before one was
 * configured is a former key: what it has sealed stays readable.
 */
export async function openVault(
  { ESCALE_SECRET_KEY: given, ESCALE_SECRET_KEY_PREVIOUS: previous = [] }: EscaleConfig,
  data: DataFolder,
): Promise<Vault> {
  const former = previous.map((key) => Buffer.from(key, 'utf8'));
  if (given === undefined) return createVault(await data.secret(fileName, 32), former);
  const generated = await data.foundSecret(fileName, 32);
  const all = generated ? [...former, generated] : former;
  return createVault(Buffer.from(given, 'utf8'), all.slice(0, keyGenerations - 1));
}

/** Before anybody signs in: is it the right key, and are copies kept that must not be? @throws Error with one line for a person */
export async function prepareSecrets(config: EscaleConfig, { orm, vault }: { orm: Orm; vault: Vault }): Promise<void> {
  const em = orm.em.fork();
  await checkSecretKey({ em, vault });
  if (!config.ESCALE_REVEAL_TOKENS) await wipeSealedCopies({ em });
}
