import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OciClient } from '../support/oci.ts';
import { signIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { buildImage } from './base-image.ts';
import { startDockerEngine, type DockerEngine } from './docker-engine.ts';

let engine: DockerEngine;
let stack: Stack;
let client: OciClient;
let login: string;

beforeAll(async () => {
  [engine, stack] = await Promise.all([startDockerEngine(), startStack()]);
  await buildImage(engine, 'escale-big', [60, 60, 60, 60]);
  const alice = await signIn(stack, 'alice');
  const { createApplicationToken } = await alice.ask<{
    createApplicationToken: { credentials: { username: string; password: string; artifacts: { content: string }[] } };
  }>(
    'mutation { createApplicationToken(input: { title: "t" }) { credentials { username password artifacts { content } } } }',
  );
  client = new OciClient(stack.url, createApplicationToken.credentials);
  login = createApplicationToken.credentials.artifacts[0]?.content ?? '';
});
afterAll(async () => {
  await stack.stop();
  await engine.stop();
});

/** Pushes with docker and does something to the product while the bytes are under way. */
async function pushInterrupted(name: string, harm: () => Promise<void>): Promise<string> {
  const image = `${stack.host}/alice/${name}:1`;
  expect(engine.shell(login).output).toContain('Login Succeeded');
  engine.docker('tag', 'escale-big', image);
  const pushing = engine.start('push', image);
  await sleep(1500);
  await harm();
  pushing.kill('SIGTERM');
  return image;
}

test('SIGKILL of the server in the middle of a push: what was acknowledged is there, and the push can be repeated', async () => {
  const before = await client.pushImage('alice/before-server', '1', [2_000_000]);
  const image = await pushInterrupted('server', () => stack.kill9());
  await stack.restart();
  expect(await client.pullImage('alice/before-server', '1')).toBe(before.digest);
  engine.docker('push', image);
  engine.docker('rmi', '-f', image);
  engine.docker('pull', image);
});

test('SIGKILL of PostgreSQL in the middle of a push: it comes back by itself, and the push can be repeated', async () => {
  const before = await client.pushImage('alice/before-database', '1', [2_000_000]);
  const image = await pushInterrupted('database', async () => {
    const file = path.join(stack.dataDir, 'database/cluster/postmaster.pid');
    process.kill(Number(readFileSync(file, 'utf8').split('\n')[0]), 'SIGKILL');
    for (let tries = 0; tries < 300; tries += 1) {
      await sleep(100);
      const ready = await fetch(`${stack.url}/health/ready`).catch(() => undefined);
      if (ready?.status === 200 && tries > 20) return;
    }
    throw new Error(`the product did not recover:\n${stack.logs().slice(-2000)}`);
  });
  expect(await client.pullImage('alice/before-database', '1')).toBe(before.digest);
  engine.docker('push', image);
  engine.docker('rmi', '-f', image);
  engine.docker('pull', image);
});

test('a server that was killed together with nothing else finds its database again at the next start', async () => {
  const before = await client.pushImage('alice/again', '1', [100_000]);
  await stack.kill9();
  await stack.restart();
  await stack.kill9();
  await stack.restart();
  expect(await client.pullImage('alice/again', '1')).toBe(before.digest);
});
