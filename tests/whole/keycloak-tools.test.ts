import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** A machine with nothing on it but what a test puts there. */
let machine: string;
beforeAll(async () => {
  machine = await mkdtemp(path.join(tmpdir(), 'escale-bare-'));
});
afterAll(() => rm(machine, { recursive: true, force: true }));

async function runOnIt(...args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: path.join(machine, 'bin'), HOME: machine },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { said: await text(child.stderr), code: await ended };
}

const remedy = 'apt-get install openjdk-17-jre-headless maven';

test.each(['test:keycloak', 'start:keycloak'])(
  'without Java `npm run %s` says in one line what to install',
  async (task) => {
    const { code, said } = await runOnIt('scripts/task.mjs', task);
    expect(code).toBe(1);
    expect(said).toMatch(/^escale: Keycloak needs Java 17 or later.*\n$/);
    expect(said).toContain(remedy);
  },
);

test.each([
  [17, 'Keycloak needs Maven'],
  [11, 'Keycloak needs Java 17 or later and Maven'],
])('with Java %i alone it says what is missing yet', async (version, needs) => {
  const java = path.join(machine, 'java-home/bin');
  await mkdir(java, { recursive: true });
  await writeFile(path.join(java, 'java'), `#!/bin/sh\necho 'openjdk version "${String(version)}.0.1"' >&2\n`, {
    mode: 0o755,
  });
  const asked = `process.env.JAVA_HOME = ${JSON.stringify(path.dirname(java))};
    const { installKeycloak } = await import('./infra/keycloak/distribution.ts');
    try { installKeycloak(${JSON.stringify(path.join(machine, 'cache'))}); } catch (error) { console.error(error.message); }`;
  const { said } = await runOnIt('--input-type=module', '--eval', asked);
  expect(said).toBe(`${needs}: \`${remedy}\`, or what your system calls them\n`);
});
