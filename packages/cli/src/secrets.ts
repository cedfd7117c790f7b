import {
  checkSecretKey,
  createVault,
  keyGenerations,
  rewrapSecrets,
  wipeSealedCopies,
  type Vault,
} from '@escale/domain/credentials';
import { purgeUsage } from '@escale/domain/usage-logs';
import type { Orm } from '@escale/schema/orm';
import type { Logger } from '@escale/server-kit/logger';
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

/** Milliseconds between rounds. */
const pause = 60 * 60 * 1000;

/** Once an hour, and at first soon: seals anew what former keys have sealed, and deletes logs that are kept no longer. */
export function startUpkeep(parts: { orm: Orm; vault: Vault; logger: Logger }): { stop(): void } {
  const round = () => {
    upkeep(parts).catch((error: unknown) => {
      parts.logger.warn({ err: error }, 'the hourly upkeep failed; it is tried again in an hour');
    });
  };
  const first = setTimeout(round, 10_000);
  const timer = setInterval(round, pause);
  first.unref();
  timer.unref();
  return {
    stop: () => {
      clearTimeout(first);
      clearInterval(timer);
    },
  };
}

async function upkeep({ orm, vault, logger }: { orm: Orm; vault: Vault; logger: Logger }): Promise<void> {
  const { rewrapped, unopenable } = await rewrapSecrets({ em: orm.em.fork(), vault });
  if (rewrapped > 0) logger.info({ rewrapped }, 'secrets of a former key were sealed anew');
  if (unopenable.length > 0) logger.error({ rows: unopenable.slice(0, 20) }, 'secrets that no given key opens');
  const purged = await purgeUsage({ em: orm.em.fork(), now: new Date() });
  if (purged > 0) logger.info({ purged }, 'usage log entries that are kept no longer were deleted');
}
