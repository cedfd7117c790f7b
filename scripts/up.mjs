#!/usr/bin/env node
// The first step of every root command, on a machine that has only Node >= 18 with npm: installs what is missing with the
// pinned pnpm, then hands over to scripts/task.mjs on the pinned Node. Plain JavaScript without dependencies, on purpose.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bin = path.join(root, 'node_modules', '.bin');
const stampFile = path.join(root, 'node_modules', '.escale-install');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const pnpmVersion = manifest.devDependencies.pnpm;

/** What an installation depends on; node_modules made from the same bytes needs no second look. */
function installStamp() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml']) {
    hash.update(readFileSync(path.join(root, file)));
  }
  return hash.digest('hex');
}

function versionOf(command) {
  const asked = spawnSync(command, ['--version'], { encoding: 'utf8', cwd: root });
  return asked.status === 0 ? asked.stdout.trim() : undefined;
}

/** The local pnpm when it is the pinned one, one on PATH of the same major, else npx fetches it. */
function pnpmCommand() {
  const local = path.join(bin, 'pnpm');
  if (existsSync(local) && versionOf(local) === pnpmVersion) return [local];
  const major = pnpmVersion.split('.')[0];
  if (versionOf('pnpm')?.split('.')[0] === major) return ['pnpm'];
  return ['npx', '--yes', `pnpm@${pnpmVersion}`];
}

function install() {
  const stamp = installStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  console.error('Installing what is missing …');
  const [command, ...args] = pnpmCommand();
  const done = spawnSync(command, [...args, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    // The progress of an installation is not the output of the command that needed it.
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
    env: { ...process.env, CI: 'true' },
  });
  if (done.error) fail(`could not run ${command}: ${done.error.message}`);
  if (done.status !== 0) fail('the installation failed; its messages are above');
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
}

/** The pinned Node, or on a platform without that package the present one if it is young enough. */
function nodeCommand() {
  const pinned = path.join(bin, 'node');
  if (existsSync(pinned)) return pinned;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 14)) return process.execPath;
  return fail(`this platform has no packaged Node; install Node 24.14 or later (this is ${process.versions.node})`);
}

function fail(message) {
  console.error(`escale: ${message}`);
  process.exit(1);
}

install();
// With `--install-only`, a shell goes on with the task itself (package.json): no process waits for the product to end.
if (process.argv[2] !== '--install-only') runTask();
else nodeCommand();

function runTask() {
  const child = spawn(nodeCommand(), [path.join(root, 'scripts', 'task.mjs'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` },
  });
  // Ctrl-C reaches the whole foreground group by itself; a signal sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}
