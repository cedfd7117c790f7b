// Runs one task of the repository on the pinned Node. The root package.json names them; up.mjs has installed what they need.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const bin = (name) => path.join(root, 'node_modules', '.bin', name);
const [task, ...args] = process.argv.slice(2);

/** Runs a command to its end; resolves to its exit code. Signals sent to us go on to it. */
function run(command, commandArgs, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArgs, { cwd: root, stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

async function must(command, commandArgs, options) {
  const code = await run(command, commandArgs, options);
  if (code !== 0) process.exit(code);
}

/** What a build makes is no source of it. */
const made = new Set(['node_modules', 'dist', 'components.d.ts']);

/** Names, sizes and times of all sources that go into a build: cheap enough to ask at every start. */
function sourceStamp(folders) {
  const hash = createHash('sha256');
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (made.has(entry.name) || entry.name.endsWith('.tsbuildinfo')) continue;
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) visit(file);
      else {
        const { size, mtimeMs } = statSync(file);
        hash.update(`${path.relative(root, file)}\0${size}\0${mtimeMs}\n`);
      }
    }
  };
  for (const folder of folders) visit(path.join(root, folder));
  hash.update(readFileSync(path.join(root, 'pnpm-lock.yaml')));
  return hash.digest('hex');
}

/** Builds unless the sources are the ones of the last build. */
async function buildOnce(name, folders, build) {
  const file = path.join(root, 'node_modules', '.cache', `escale-${name}`);
  const stamp = sourceStamp(folders);
  if (existsSync(file) && readFileSync(file, 'utf8') === stamp) return;
  await build();
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, stamp);
}

const serverPackages = ['schema', 'domain', 'server-kit', 'registry', 'api', 'cli'].map((name) => `packages/${name}`);

/** The servers and the console, side by side. */
async function build() {
  const tsc = buildOnce('servers', serverPackages, () => must(bin('tsc'), ['-b', 'packages/cli']));
  const vite = buildOnce('console', ['packages/web'], async () => {
    console.error('Building the console …');
    await must(
      process.execPath,
      [path.join(root, 'packages/web/node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
      {
        cwd: path.join(root, 'packages/web'),
      },
    );
  });
  await Promise.all([tsc, vite]);
}

const escale = path.join(root, 'packages/cli/dist/main.js');

/** What did not change since the last run is not looked at again; a clean checkout, as CI has it, looks at everything. */
const cached = (tool) => [
  '--cache',
  '--cache-strategy',
  'content',
  '--cache-location',
  `node_modules/.cache/${tool}-cache`,
];

/** What needs a real Keycloak has one, or says in one line what to install. */
async function requireKeycloak() {
  const { installKeycloak } = await import('../infra/keycloak/distribution.ts');
  try {
    installKeycloak();
  } catch (error) {
    console.error(`escale: ${error.message}`);
    process.exit(1);
  }
}

const tasks = {
  setup: async () => {},
  build,
  start: async () => {
    await build();
    // Becomes the product instead of waiting beside it: one process less, and signals need no passing on.
    if (process.execve) process.execve(process.execPath, [process.execPath, escale, 'start', ...args]);
    process.exitCode = await run(process.execPath, [escale, 'start', ...args]);
  },
  escale: async () => {
    await build();
    process.exitCode = await run(process.execPath, [escale, ...args]);
  },
  test: async () => {
    await build();
    process.exitCode = await run(process.execPath, [path.join(root, 'scripts/test.mjs'), ...args]);
  },
  'test:clients': async () => {
    const { installClientTools } = await import('./client-tools.mjs');
    process.env.PATH = [...installClientTools(), process.env.PATH].join(path.delimiter);
    await build();
    process.exitCode = await run(process.execPath, [
      path.join(root, 'scripts/test.mjs'),
      ...['--project', 'clients', '--reporter', './tests/clients/client-table.ts'],
      ...args,
    ]);
  },
  'start:keycloak': async () => {
    await requireKeycloak();
    await build();
    process.exitCode = await run(process.execPath, [path.join(root, 'infra/keycloak/start.ts'), ...args]);
  },
  'test:keycloak': async () => {
    await requireKeycloak();
    // One test signs in with real clients, and makes the image that they carry.
    const { installPackages } = await import('./client-tools.mjs');
    installPackages(['dockerd', 'skopeo', 'umoci', 'busybox']);
    await build();
    const tests = [path.join(root, 'scripts/test.mjs'), '--project', 'keycloak', ...args];
    process.exitCode = await run(process.execPath, tests);
  },
  'test:conformance': async () => {
    await build();
    process.exitCode = await run(process.execPath, [path.join(root, 'tests/conformance/official-suite.ts'), ...args]);
  },
  bench: async () => {
    await build();
    const bench = path.join(root, 'tests/bench/main.ts');
    // No condition for sources: what is measured is what was built.
    process.exitCode = await run(process.execPath, [bench, ...args]);
  },
  screenshots: async () => {
    await build();
    const main = path.join(root, 'tests/screenshots/main.ts');
    process.exitCode = await run(process.execPath, ['--conditions=escale:source', main, ...args]);
  },
  'test:soak': async () => {
    await build();
    process.exitCode = await run(process.execPath, [path.join(root, 'tests/soak/main.ts'), ...args]);
  },
  'test:memory': async () => {
    await build();
    process.exitCode = await run(process.execPath, [path.join(root, 'tests/load/memory.ts'), ...args]);
  },
  'test:storms': async () => {
    await build();
    process.exitCode = await run(process.execPath, [path.join(root, 'tests/load/storms.ts'), ...args]);
  },
  'test:crash': async () => {
    await build();
    process.exitCode = await run(process.execPath, [path.join(root, 'tests/crash/main.ts'), ...args]);
  },
  typecheck: async () => {
    await must(bin('tsc'), ['-b']);
    await must(process.execPath, [path.join(root, 'packages/web/node_modules/vue-tsc/bin/vue-tsc.js'), '--noEmit'], {
      cwd: path.join(root, 'packages/web'),
    });
  },
  lint: async () => {
    await must(bin('prettier'), ['--check', '--log-level', 'warn', ...cached('prettier'), '.']);
    await must(bin('eslint'), ['--max-warnings', '0', ...cached('eslint'), '.']);
  },
  format: async () => {
    await must(bin('prettier'), ['--write', '--log-level', 'warn', '.']);
    await must(bin('eslint'), ['--fix', '.']);
  },
};

if (!Object.hasOwn(tasks, task)) {
  console.error(`escale: there is no task "${task}"; there are ${Object.keys(tasks).join(', ')}`);
  process.exit(2);
}
await tasks[task]();
