import { applicationToken } from '../../support/application-token.ts';
import { OciClient } from '../../support/oci.ts';
import { signIn } from '../../support/sign-in.ts';
import { startStack, type Stack } from '../../support/stack.ts';
import { Wire, type Reply } from '../../bench/wire.ts';

/** One thing that was looked at, beside what it may be at most. */
export interface Line {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
}

/** A started product with somebody who may push. */
export interface Scene {
  readonly stack: Stack;
  readonly basic: string;
  readonly client: OciClient;
  /** So many of what the storm is made of, at the scale that was asked for. */
  readonly many: (count: number) => number;
  /** A header line with a token for a repository. */
  readonly bearer: (repository: string) => Promise<string>;
}

/** The caller stops its product. */
export async function openScene(scale: number): Promise<Scene> {
  // One that begins thousands of uploads at once is not what the limit of unfinished ones is for.
  const stack = await startStack({
    environment: { ESCALE_LOG_LEVEL: 'error', ESCALE_UPLOAD_SESSIONS: '1000000' },
    quiet: true,
  });
  const { username, password } = await applicationToken(await signIn(stack, 'alice'), 'storms');
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return {
    stack,
    basic,
    client: new OciClient(stack.url, { username, password }),
    many: (count) => Math.max(1, Math.round(count * scale)),
    bearer: async (repository) => {
      const url = `${stack.url}/v2/auth?scope=repository:${repository}:pull,push`;
      const answer = await fetch(url, { headers: { Authorization: basic } });
      return `Authorization: Bearer ${((await answer.json()) as { token: string }).token}\r\n`;
    },
  };
}

/** Milliseconds that requests took, one after the other on each of so many connections. */
export async function timed(
  port: number,
  connections: number,
  milliseconds: number,
  ask: (wire: Wire) => Promise<Reply>,
): Promise<{ times: number[]; statuses: Map<number, number> }> {
  const times: number[] = [];
  const statuses = new Map<number, number>();
  const until = performance.now() + milliseconds;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const wire = new Wire(port);
      while (performance.now() < until) {
        const begun = performance.now();
        const { status } = await ask(wire);
        times.push(performance.now() - begun);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      wire.close();
    }),
  );
  return { times: times.sort((a, b) => a - b), statuses };
}

/** The value below which such a share of sorted ones lies. */
export const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
export const countOf = (statuses: ReadonlyMap<number, number>, bad: (status: number) => boolean): number =>
  [...statuses].reduce((sum, [status, count]) => sum + (bad(status) ? count : 0), 0);
