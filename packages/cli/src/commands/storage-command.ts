import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { readConfig } from '@escale/server-kit/config';
import { Lifecycle } from '@escale/server-kit/lifecycle';
import { createLogger } from '@escale/server-kit/logger';
import type { StorageParts } from '@escale/registry/jobs';
import { deriveConfig, escaleConfig } from '../config.ts';
import { openStorage } from '../open-storage.ts';

/** Flags that every command on the storage takes. */
const shared = {
  data: { type: 'string' },
  'blob-store': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

export const sharedHelp = `  --data DIR       the data folder (.escale)
  --blob-store S   filesystem, azurite or azure
  --json           the whole result as JSON, on standard output
  --help           this text
`;

/** What a command is given: its flags, the storage, and a way to say how far it is that does not disturb its result. */
export interface StorageCommand {
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly parts: StorageParts;
  readonly progress: (line: string) => void;
}

/**
 * Runs a command on the database and the blob store, whether the product runs or not, and lets go of both at its end.
 * @param options the command's own flags
 */
export async function onStorage(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  options: ParseArgsOptionsConfig,
  help: string,
  run: (command: StorageCommand) => Promise<void>,
): Promise<void> {
  const { values: flags } = parseArgs({ args: [...args], options: { ...shared, ...options } });
  if (flags['help'] === true) {
    process.stdout.write(help);
    return;
  }
  const { data, 'blob-store': blobStore } = flags;
  const config = deriveConfig(
    readConfig(escaleConfig, {
      ...environment,
      ...(typeof data === 'string' && { ESCALE_DATA_DIR: data }),
      ...(typeof blobStore === 'string' && { ESCALE_BLOB_STORE: blobStore }),
    }),
  );
  const life = new Lifecycle((message, error) => {
    console.error(message, error instanceof Error ? error.message : '');
  });
  life.stopOnSignals();
  try {
    const parts = await openStorage(config, life, createLogger({ level: 'error' }));
    await run({ flags, parts, progress: progressLine() });
  } finally {
    await life.stop();
  }
}

/** One line that is written over and over on a terminal; nothing elsewhere. */
function progressLine(): (line: string) => void {
  if (!process.stderr.isTTY) return () => undefined;
  let last = 0;
  return (line) => {
    if (Date.now() - last < 200) return;
    last = Date.now();
    process.stderr.write(`\r\x1b[K${line}`);
  };
}
