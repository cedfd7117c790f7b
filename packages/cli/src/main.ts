#!/usr/bin/env node
import { gc } from './commands/gc.ts';
import { migrate } from './commands/migrate.ts';
import { start } from './commands/start.ts';
import { verify } from './commands/verify.ts';
import { version } from './version.ts';

const help = `escale <command>

  start     starts everything in one process; \`escale start --help\` lists its flags
  migrate   brings the database of ESCALE_DATABASE_URL to this version
  gc        deletes what nothing keeps; \`escale gc --help\` lists its flags
  verify    derives what is garbage once more, and reads every stored byte
  version   prints the version
`;

const [command, ...args] = process.argv.slice(2);

const commands: Readonly<Record<string, () => Promise<void> | void>> = {
  start: () => start(args, process.env),
  migrate: () => migrate(process.env),
  gc: () => gc(args, process.env),
  verify: () => verify(args, process.env),
  version: () => {
    console.log(version);
  },
  help: () => {
    process.stdout.write(help);
  },
};

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
