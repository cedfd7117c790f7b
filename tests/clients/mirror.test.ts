import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
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

test.each([
  ['that is missing there', 'acme/missing'],
  ['that is private there', 'acme/private'],
  // Public content of the same name on another registry is not what the image's name means.
  ['whose name is public there', 'acme/both'],
])('containerd goes on to the next host for an image %s', async (_what, repository) => {
  if (repository !== 'acme/missing') await mirror.oci.pushImage(repository, '1');
  if (repository === 'acme/both') await mirror.makePublic(repository);
  await upstream.oci.pushImage(repository, '1');
  await upstream.makePublic(repository);
  const { code, output } = await fetchImage(repository);
  expect(code, output).toBe(0);
  await expect.poll(() => asked(mirror, repository).some(({ status }) => status === 404)).toBe(true);
});

test('containerd fetches from a mirror that is known by the name of the upstream', async () => {
  const node = await startAcme('filesystem', { ESCALE_ALSO_KNOWN_AS: 'http://registry.example:5000' });
  onTestFinished(() => node.stack.stop());
  await node.oci.pushImage('acme/app', '1');
  await node.makePublic('acme/app');
  const folder = path.join(work.folder, 'hosts', 'registry.example:5000');
  await mkdir(folder, { recursive: true });
  await writeFile(
    path.join(folder, 'hosts.toml'),
    `[host."http://${node.host}"]\ncapabilities = ["pull", "resolve"]\n`,
  );
  const fetched = await work.attempt('ctr', [
    ...['content', 'fetch', '--hosts-dir', 'hosts'],
    'registry.example:5000/acme/app:1',
  ]);
  expect(fetched.code, fetched.output).toBe(0);
});
