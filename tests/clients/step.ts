import { spawnSync } from 'node:child_process';
import { test } from 'vitest';
import type { Client } from './drivers/client.ts';

/** The columns of the table, in the order of a working day. */
export const steps = [
  ...['$app', 'robot', 'push', 'tag', 'digest', 'index', 'mount'],
  ...['referrers', 'delete', 'resume', 'logout'],
] as const;
export type Step = (typeof steps)[number];

declare module 'vitest' {
  interface TaskMeta {
    /** Name and version: the row of the table. */
    client?: string;
    step?: Step;
  }
}

/** A test that fills one cell of the table of client and step. */
export type StepOf = (step: Step, sentence: string, run: () => Promise<void>) => void;

/** Tests of one client; they run in order, each on what the one before has left. */
export function stepsOf({ name, version }: Pick<Client, 'name' | 'version'>): StepOf {
  const client = `${name} ${versionOf(version)}`;
  return (step, sentence, run) => test(`${step}: ${sentence}`, { meta: { client, step } }, run);
}

function versionOf([command, ...args]: readonly [string, ...string[]]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return /\d+\.\d+(?:\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? '';
}
