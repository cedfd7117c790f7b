import { spawn } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Lifecycle } from './lifecycle.ts';

describe('the parts of a process', () => {
  test('end in the opposite order of their start, one after the other, once', async () => {
    const ended: string[] = [];
    const life = new Lifecycle(() => undefined);
    for (const name of ['database', 'server', 'door'])
      life.add(name, name, async (part) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        ended.push(part);
      });
    expect(life.isStopping).toBe(false);
    await Promise.all([life.stop(), life.stop()]);
    await life.stop();
    expect(ended).toEqual(['door', 'server', 'database']);
    expect(life.isStopping).toBe(true);
  });

  test('end although one of them fails, and that is told', async () => {
    const told: [string, unknown][] = [];
    const ended: string[] = [];
    const life = new Lifecycle((message, error) => told.push([message, error]));
    life.add('first', 1, () => void ended.push('first'));
    life.add('throwing', 2, () => {
      throw new Error('at once');
    });
    life.add('rejecting', 3, () => Promise.reject(new Error('later')));
    await life.stop();
    expect(ended).toEqual(['first']);
    expect(told.map(([message]) => message)).toEqual(['rejecting did not end well', 'throwing did not end well']);
  });

  test('are handed back as they were given', () => {
    const part = { port: 8080 };
    expect(new Lifecycle(() => undefined).add('part', part, () => undefined)).toBe(part);
  });
});

describe('signals', () => {
  /** A process with one part that takes its time to end. @returns its exit code and what it printed */
  function run(endsAfter: number, signals: readonly [at: number, signal: NodeJS.Signals][]) {
    const module = path.join(import.meta.dirname, 'lifecycle.ts');
    const script = `
      import { Lifecycle } from ${JSON.stringify(module)};
      const life = new Lifecycle(() => undefined);
      const timer = setInterval(() => undefined, 1000);
      life.add('part', timer, async () => {
        await new Promise((resolve) => setTimeout(resolve, ${String(endsAfter)}));
        console.log('ended');
      });
      life.stopOnSignals();
      console.log('ready');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    return new Promise<{ code: number | null; out: string }>((resolve) => {
      child.stdout.on('data', (piece: Buffer) => {
        const starting = out === '';
        out += piece.toString();
        if (starting) for (const [at, signal] of signals) setTimeout(() => child.kill(signal), at);
      });
      child.on('exit', (code) => {
        resolve({ code, out });
      });
    });
  }

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends the parts and then the process, without a failure',
    async (signal) => {
      expect(await run(10, [[0, signal]])).toEqual({ code: 0, out: 'ready\nended\n' });
    },
  );

  test('the same wish twice, from npm and from the terminal, counts once', async () => {
    const twice = await run(300, [
      [0, 'SIGINT'],
      [50, 'SIGINT'],
      [100, 'SIGTERM'],
    ]);
    expect(twice).toEqual({ code: 0, out: 'ready\nended\n' });
  });

  test('a later signal ends the process at once', async () => {
    const forced = await run(60_000, [
      [0, 'SIGINT'],
      [2300, 'SIGINT'],
    ]);
    expect(forced).toEqual({ code: 1, out: 'ready\n' });
  });
});
