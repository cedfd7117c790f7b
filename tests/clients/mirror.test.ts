import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAcme, type Acme } from './acme.ts';
import { startContainerd } from './containerd.ts';
import type { Daemon } from './daemon.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let mirror: Acme;
let upstream: Acme;
let work: Workplace;
let containerd: Daemon;

beforeAll(async () => {
  [mirror, upstream, work] = await Promise.all([startAcme(), startAcme(), openWorkplace()]);
  containerd = await startContainerd(work);
  const folder = path.join(work.folder, 'hosts', upstream.host);
  await mkdir(folder, { recursive: true });
  await writeFile(
    path.join(folder, 'hosts.toml'),
    `server = "http://${upstream.host}"

[host."http://${mirror.host}"]
capabilities = ["pull", "resolve"]
`,
  );
});
afterAll(async () => {
  await containerd.stop();
  await Promise.all([mirror.stack.stop(), upstream.stack.stop()]);
  await work.remove();
});

/** Fetches without unpacking: the layers are random bytes. */
const fetchImage = (repository: string) =>
  work.attempt('ctr', ['content', 'fetch', '--hosts-dir', 'hosts', `${upstream.host}/${repository}:1`]);
const asked = (acme: Acme, repository: string) =>
  acme.answered().filter(({ path: asked }) => asked.startsWith(`/v2/${repository}/`));

test('containerd fetches from its mirror what is public there', async () => {
  await mirror.oci.pushImage('acme/both', '1');
  await mirror.makePublic('acme/both');
  const { code, output } = await fetchImage('acme/both');
  expect(code, output).toBe(0);
  expect(asked(upstream, 'acme/both')).toEqual([]);
});

test.each([
  ['that is missing there', 'acme/missing'],
  ['that is private there', 'acme/private'],
])('containerd goes on to the next host for an image %s', async (_what, repository) => {
  if (repository === 'acme/private') await mirror.oci.pushImage(repository, '1');
  await upstream.oci.pushImage(repository, '1');
  await upstream.makePublic(repository);
  const { code, output } = await fetchImage(repository);
  expect(code, output).toBe(0);
  await expect.poll(() => asked(mirror, repository).some(({ status }) => status === 401)).toBe(true);
});
