import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const main = path.resolve(import.meta.dirname, '../../packages/cli/dist/main.js');

/** What `escale doctor` found. */
export interface Examination {
  readonly code: number | null;
  /** Check → outcome. */
  readonly outcomes: Readonly<Record<string, string>>;
  /** Check → what to do. */
  readonly fixes: Readonly<Record<string, string>>;
  /** As printed. */
  readonly text: string;
}

/** Runs the command, with JSON as its result. @param person tries the sign-in */
export async function examine(
  environment: Readonly<Record<string, string>>,
  person?: { username: string; password: string },
): Promise<Examination> {
  const user = person ? ['--user', person.username] : [];
  const child = spawn(process.execPath, [main, 'doctor', '--json', ...user], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(person ? `${person.password}\n` : '');
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const printed = await text(child.stdout);
  const { findings } = JSON.parse(printed) as { findings: { check: string; outcome: string; fix?: string }[] };
  return {
    code: await ended,
    outcomes: Object.fromEntries(findings.map(({ check, outcome }) => [check, outcome])),
    fixes: Object.fromEntries(findings.flatMap(({ check, fix }) => (fix === undefined ? [] : [[check, fix]]))),
    text: printed,
  };
}
