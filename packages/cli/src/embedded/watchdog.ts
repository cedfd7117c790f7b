import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { writePrivateFile } from './private-file.ts';
import { programEnvironment } from './program-environment.ts';

/** Seconds in which a product that was killed can be started again and take its server over. */
const grace = 5;

/**
 * Reads until its input ends, which it does with the process that holds the other end, however that ends. Then whoever removes
 * the file decides, and only one can: a start that takes the server over, or this, which ends it by a fast shutdown.
 */
const script = `read -r _; sleep "$3"; rm "$2" 2> /dev/null && kill -INT "$1"`;

/** Ends a server whose product was killed and is not started again. A shell, and not one of us: it costs no memory. */
export class Watchdog {
  readonly #file: string;
  readonly #shell: ChildProcess;

  private constructor(file: string, shell: ChildProcess) {
    this.#file = file;
    this.#shell = shell;
  }

  /** @param folder of ours, in which a file says that this server is watched */
  static async over(pid: number, folder: string): Promise<Watchdog> {
    const file = path.join(folder, `${prefixOf(pid)}${randomBytes(4).toString('hex')}`);
    await writePrivateFile(file, '');
    const shell = spawn('/bin/sh', ['-c', script, 'watchdog', String(pid), file, String(grace)], {
      // Ctrl-C in the terminal is not for it.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
      env: programEnvironment(),
    });
    // Without a shell the server stays behind after a kill, and the next start takes it over.
    shell.on('error', () => undefined);
    shell.unref();
    return new Watchdog(file, shell);
  }

  /** It is not needed any more. */
  async release(): Promise<void> {
    this.#shell.kill();
    await unlink(this.#file).catch(() => undefined);
  }
}

/**
 * Takes a server from the watchdog of whoever started it.
 * @returns false when that has decided to end it, or when it has none
 */
export async function claimFromWatchdog(pid: number, folder: string): Promise<boolean> {
  return (await removeAll(folder, prefixOf(pid))) > 0;
}

/** Removes what is written about servers that do not run any more. */
export async function forgetWatchdogs(folder: string): Promise<void> {
  await removeAll(folder, prefixOf());
}

const prefixOf = (pid?: number) => (pid === undefined ? 'watched-' : `watched-${String(pid)}-`);

async function removeAll(folder: string, prefix: string): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  const removed = await Promise.all(
    names.map((name) =>
      unlink(path.join(folder, name)).then(
        () => 1,
        () => 0,
      ),
    ),
  );
  return removed.reduce<number>((sum, one) => sum + one, 0);
}
