import cluster from 'node:cluster';
import { parseArgs } from 'node:util';
import type { Faults } from '@escale/domain/faults';
import { Lifecycle } from '@escale/server-kit/lifecycle';
import { readConfig } from '@escale/server-kit/config';
import { startAllInOne } from '../all-in-one.ts';
import { deriveConfig, escaleConfig, type EscaleConfig } from '../config.ts';
import { people } from '../embedded/demo-people.ts';
import { serveAsWorker } from '../worker-process.ts';

const help = `escale start: everything

  --port N         the public port (8080)
  --data DIR       the data folder (.escale)
  --blob-store S   filesystem, azurite or azure
  --workers N      processes that answer requests (1)
  --help           this text
`;

/**
 * Runs until it is told to stop.
 * @param faults what a test does at the named places; the command has none
 * @throws Error with the lines that a person needs
 */
export async function start(args: readonly string[], environment: NodeJS.ProcessEnv, faults?: Faults): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      'blob-store': { type: 'string' },
      workers: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const flags = {
    ...(values.port !== undefined && { ESCALE_PORT: values.port }),
    ...(values.data !== undefined && { ESCALE_DATA_DIR: values.data }),
    ...(values['blob-store'] !== undefined && { ESCALE_BLOB_STORE: values['blob-store'] }),
    ...(values.workers !== undefined && { ESCALE_WORKERS: values.workers }),
  };
  const config = deriveConfig(readConfig(escaleConfig, { ...environment, ...flags }));
  const life = new Lifecycle((message, error) => {
    console.error(message, error instanceof Error ? error.message : '');
  });
  life.stopOnSignals();
  if (cluster.isWorker) return serveAsWorker(config, life);
  const escale = await startAllInOne(config, life, faults);
  if (!life.isStopping) process.stdout.write(welcome(config, escale.demoPassword));
}

function welcome(
  { externalUrl, dataDir, blobStore, ESCALE_HOST: host, ESCALE_DEMO_NETWORKS: networks = [] }: EscaleConfig,
  demoPassword: string | undefined,
): string {
  const onNetwork = !['127.0.0.1', '::1', 'localhost'].includes(host);
  const note = `              they can sign in from ${['this machine', ...networks].join(', ')} only (ESCALE_DEMO_NETWORKS)\n`;
  const users =
    demoPassword === undefined
      ? ''
      : `  Demo users  ${people.map(({ username }) => username).join(', ')}   password ${demoPassword}\n${onNetwork ? note : ''}`;
  return `
  Escale runs at ${externalUrl}

${users}  Data        ${dataDir}
  Layers      ${blobStore}

  Ctrl-C stops it.
`;
}
