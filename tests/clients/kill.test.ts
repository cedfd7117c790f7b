import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifact, startAcme, type Acme, type Credentials } from './acme.ts';
import type { Daemon } from './daemon.ts';
import { loadImage, startDockerEngine } from './docker-engine.ts';
import { makeLayout } from './material.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let work: Workplace;
let engine: Daemon;
let acme: Acme;
let token: Credentials;
const docker = (...args: string[]) => work.run('docker', args);

beforeAll(async () => {
  work = await openWorkplace();
  engine = await startDockerEngine(work);
  await makeLayout(work, [60, 60, 60, 60]);
  await loadImage(work, 'escale-big');
  acme = await startAcme();
  token = await acme.createToken('t');
});
afterAll(async () => {
  await acme.stack.stop();
  await engine.stop();
  await work.remove();
});

/** Pushes with docker and does something to the product while the bytes are under way. */
async function pushInterrupted(name: string, harm: () => Promise<void>): Promise<string> {
  const image = `${acme.host}/alice/${name}:1`;
  expect(await work.run('sh', ['-c', artifact(token, 'DOCKER_LOGIN')])).toContain('Login Succeeded');
  await docker('tag', 'escale-big', image);
  const pushing = work.attempt('timeout', ['5', 'docker', 'push', image]);
  await sleep(1500);
  await harm();
  await pushing;
  return image;
}

test('SIGKILL of the server in the middle of a push: what was acknowledged is there, and the push can be repeated', async () => {
  const before = await acme.oci.pushImage('alice/before-server', '1', [2_000_000]);
  const image = await pushInterrupted('server', () => acme.stack.kill9());
  await acme.stack.restart();
  expect(await acme.oci.pullImage('alice/before-server', '1')).toBe(before.digest);
  await docker('push', image);
  await docker('rmi', '-f', image);
  await docker('pull', image);
});

test('SIGKILL of PostgreSQL in the middle of a push: it comes back by itself, and the push can be repeated', async () => {
  const before = await acme.oci.pushImage('alice/before-database', '1', [2_000_000]);
  const image = await pushInterrupted('database', async () => {
    const file = path.join(acme.stack.dataDir, 'database/cluster/postmaster.pid');
    process.kill(Number(readFileSync(file, 'utf8').split('\n')[0]), 'SIGKILL');
    for (let tries = 0; tries < 300; tries += 1) {
      await sleep(100);
      const ready = await fetch(`${acme.stack.url}/health/ready`).catch(() => undefined);
      if (ready?.status === 200 && tries > 20) return;
    }
    throw new Error(`the product did not recover:\n${acme.stack.logs().slice(-2000)}`);
  });
  expect(await acme.oci.pullImage('alice/before-database', '1')).toBe(before.digest);
  await docker('push', image);
  await docker('rmi', '-f', image);
  await docker('pull', image);
});

test('a server that was killed together with nothing else finds its database again at the next start', async () => {
  const before = await acme.oci.pushImage('alice/again', '1', [100_000]);
  await acme.stack.kill9();
  await acme.stack.restart();
  await acme.stack.kill9();
  await acme.stack.restart();
  expect(await acme.oci.pullImage('alice/again', '1')).toBe(before.digest);
});
