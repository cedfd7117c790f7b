import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** Both streams, as a person sees them. */
  readonly output: string;
}

interface RunOptions {
  readonly input?: string;
}

/** Home and working folder of one client's commands: no login, image or setting of this machine is read or touched. */
export interface Workplace {
  readonly folder: string;
  /** What its commands find in their environment; daemons add how they are reached. */
  readonly env: Record<string, string>;
  /** Runs a command to its end, however that is. */
  attempt(command: string, args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same, and a failure is a failure of the test. @returns what it wrote to standard output */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<string>;
  remove(): Promise<void>;
}

export async function openWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(path.join(tmpdir(), 'escale-client-'));
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    DOCKER_CONFIG: path.join(folder, 'login'),
    REGISTRY_AUTH_FILE: path.join(folder, 'login/auth.json'),
    REGCTL_CONFIG: path.join(folder, 'regctl.json'),
    XDG_RUNTIME_DIR: folder,
    TMPDIR: folder,
  };
  await mkdir(path.join(folder, 'login'));
  // podman refuses to do anything with a login file that is named and not there.
  for (const file of ['config.json', 'auth.json']) await writeFile(path.join(folder, 'login', file), '{}');
  const attempt: Workplace['attempt'] = (command, args, options) => attemptIn(folder, env, command, args, options);
  return {
    folder,
    env,
    attempt,
    run: async (command, args, options) => {
      const { code, stdout, output } = await attempt(command, args, options);
      if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}:\n${output}`);
      return stdout;
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

function attemptIn(
  cwd: string,
  env: Record<string, string>,
  command: string,
  args: readonly string[],
  { input = '' }: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: 'pipe' });
    let stdout = '';
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
      output += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => (output += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, output }));
    // A command may end without reading what it is given.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
