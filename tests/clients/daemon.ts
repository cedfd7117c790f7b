import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that a client talks to, while it runs. */
export interface Daemon {
  stop(): Promise<void>;
}

/** Starts a program and waits until it answers. @throws Error with the end of its log when it does not within a minute */
export async function startDaemon(
  command: string,
  args: readonly string[],
  answers: () => Promise<boolean>,
): Promise<Daemon> {
  const daemon = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [daemon.stdout, daemon.stderr]) stream.on('data', (data: Buffer) => (log += data.toString()));
  daemon.on('error', (error) => (log += error.message));
  for (let waited = 0; !(await answers()); waited += 500) {
    if (waited > 60_000 || daemon.exitCode !== null || daemon.pid === undefined)
      throw new Error(`${command} did not start:\n${log.slice(-2000)}`);
    await sleep(500);
  }
  return {
    stop: async () => {
      daemon.kill('SIGTERM');
      for (let waited = 0; daemon.exitCode === null && daemon.signalCode === null; waited += 200) {
        if (waited > 20_000) daemon.kill('SIGKILL');
        await sleep(200);
      }
    },
  };
}
