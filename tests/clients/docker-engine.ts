import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** A docker engine of our own: own data, own socket, no network set-up, no other engine disturbed. */
export interface DockerEngine {
  /** Runs a line in a POSIX shell whose `docker` speaks to this engine, with a login file of its own. */
  shell(line: string): Ran;
  /** Runs docker; a failure is a failure of the test. @returns what it printed */
  docker(...args: string[]): string;
  /** Runs docker without waiting. */
  start(...args: string[]): ChildProcess;
  stop(): Promise<void>;
}

/** @throws Error that says what to install when there is no engine */
export async function startDockerEngine(): Promise<DockerEngine> {
  if (spawnSync('sh', ['-c', 'command -v dockerd']).status !== 0) {
    throw new Error('the client tests need a docker engine: apt-get install docker.io');
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'escale-docker-'));
  const socket = `unix://${folder}/docker.sock`;
  const pidFile = path.join(folder, 'docker.pid');
  let log = '';
  const daemon = spawn(
    'dockerd',
    [
      ...['--iptables=false', '--ip-masq=false', '--bridge=none', '--storage-driver=vfs'],
      ...[`--data-root=${folder}/data`, `--exec-root=${folder}/exec`, `--pidfile=${pidFile}`, `--host=${socket}`],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  for (const stream of [daemon.stdout, daemon.stderr]) stream.on('data', (data: Buffer) => (log += data.toString()));
  const env = { ...process.env, DOCKER_HOST: socket, DOCKER_CONFIG: path.join(folder, 'config') };
  const run = (command: string, args: string[]): Ran => {
    const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    return { code: status ?? 1, output: `${stdout}${stderr}` };
  };
  for (let waited = 0; run('docker', ['info']).code !== 0; waited += 500) {
    if (waited > 60_000 || daemon.exitCode !== null)
      throw new Error(`the docker engine did not start:\n${log.slice(-2000)}`);
    await sleep(500);
  }
  return {
    shell: (line) => run('sh', ['-c', line]),
    docker: (...args) => {
      const { code, output } = run('docker', args);
      if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${String(code)}:\n${output}`);
      return output;
    },
    start: (...args) => spawn('docker', args, { env, stdio: 'ignore' }),
    stop: async () => {
      daemon.kill('SIGTERM');
      for (let waited = 0; daemon.exitCode === null && waited < 20_000; waited += 200) await sleep(200);
      if (daemon.exitCode === null && existsSync(pidFile))
        process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    },
  };
}
