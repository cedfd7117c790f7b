import { parseArgs } from 'node:util';
import { readConfig } from '@escale/server-kit/config';
import { Lifecycle } from '@escale/server-kit/lifecycle';
import { deriveConfig, escaleConfig } from '../config.ts';
import { startRole, type Role } from '../one-role.ts';

const does: Readonly<Record<Role, string>> = {
  registry: 'escale registry: the registry (/v2/) and the background jobs, in one process',
  api: 'escale api: the management API (/graphql), sign-in (/auth/) and the console, in one process',
};

const flags = `
For a cluster, with a proxy before both roles: it sends /v2/ to the registry and everything else to the API. Database, identity
provider and store are configured by environment variables, the same for both.

  --port N   the public port (8080)
  --help     this text
`;

/** Runs one role until it is told to stop. @throws Error with the lines that a person needs */
export async function runRole(role: Role, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { port: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) {
    process.stdout.write(`${does[role]}\n${flags}`);
    return;
  }
  const config = deriveConfig(
    readConfig(escaleConfig, { ...environment, ...(values.port !== undefined && { ESCALE_PORT: values.port }) }),
  );
  const life = new Lifecycle((message, error) => {
    console.error(message, error instanceof Error ? error.message : '');
  });
  life.stopOnSignals();
  await startRole(role, config, life);
  if (!life.isStopping) {
    const place = `${config.ESCALE_HOST}:${String(config.ESCALE_PORT)}`;
    process.stdout.write(`\n  The ${role} of ${config.externalUrl} listens on ${place}; Ctrl-C stops it.\n`);
  }
}
