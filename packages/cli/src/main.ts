#!/usr/bin/env node
import { beginLean } from './lean-memory.ts';

const help = `escale <command>

  start     starts everything in one process; \`escale start --help\` lists its flags
  registry  starts the registry and the background jobs alone, for a cluster
  api       starts the management API, sign-in and the console alone, for a cluster
  migrate   brings the database of ESCALE_DATABASE_URL to this version
  gc        deletes what nothing keeps; \`escale gc --help\` lists its flags
  verify    derives what is garbage once more, and reads every stored byte
  doctor    looks at the configuration and what it names, and says what to do about what is wrong
  version   prints the version
`;

const [command, ...args] = process.argv.slice(2);

// Each is loaded when it is asked for: a server begins twice (see there), and the first time must cost nothing.
const commands: Readonly<Record<string, () => Promise<void> | void>> = {
  start: async () => {
    beginLean(process);
    const { start } = await import('./commands/start.ts');
    await start(args, process.env);
  },
  registry: () => role('registry'),
  api: () => role('api'),
  doctor: async () => {
    const { doctor } = await import('./commands/doctor.ts');
    await doctor(args, process.env);
  },
  migrate: async () => {
    const { migrate } = await import('./commands/migrate.ts');
    await migrate(process.env);
  },
  gc: async () => {
    const { gc } = await import('./commands/gc.ts');
    await gc(args, process.env);
  },
  verify: async () => {
    const { verify } = await import('./commands/verify.ts');
    await verify(args, process.env);
  },
  version: async () => {
    const { version } = await import('./version.ts');
    console.log(version);
  },
  help: () => {
    process.stdout.write(help);
  },
};

async function role(name: 'registry' | 'api'): Promise<void> {
  beginLean(process);
  const { runRole } = await import('./commands/role.ts');
  await runRole(name, args, process.env);
}

const run = commands[command ?? 'help'];
if (!run) {
  console.error(`escale: there is no command "${command ?? ''}"\n\n${help}`);
  process.exit(2);
}
try {
  await run();
} catch (error) {
  // What a person can mend comes as a line; the rest, with its stack, is for whoever mends the product.
  console.error(`escale: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env['ESCALE_LOG_LEVEL'] === 'debug') console.error(error);
  process.exit(1);
}
