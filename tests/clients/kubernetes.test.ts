import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifact, startAcme, type Acme } from './acme.ts';
import type { Daemon } from './daemon.ts';
import { skopeo, ownStorage } from './drivers/containers-image.ts';
import { ctrPull } from './drivers/ctr.ts';
import { startContainerd } from './containerd.ts';
import { greeting, makeLayout } from './material.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

// What a node does with a pull secret: reads the login of the image's registry from it, and asks containerd for the image.

interface DockerConfig {
  readonly auths: Readonly<Record<string, { readonly auth: string }>>;
}

let acme: Acme;
let work: Workplace;
let containerd: Daemon;
let config: DockerConfig;

beforeAll(async () => {
  [acme, work] = await Promise.all([startAcme(), openWorkplace()]);
  containerd = await startContainerd(work);
  await makeLayout(work, [1]);
  await skopeo.login(work, acme.host, await acme.createToken('push'));
  await skopeo.push?.(work, `${acme.host}/acme/app:1`);
  await skopeo.logout?.(work, acme.host);
  const robot = await acme.createRobot('cluster');
  await acme.allow('acme+cluster', 'acme/app', 'READ');
  const secret = artifact(robot, 'KUBERNETES_SECRET');
  expect(secret).toMatch(/^type: kubernetes\.io\/dockerconfigjson$/m);
  const encoded = /^ {2}\.dockerconfigjson: (\S+)$/m.exec(secret)?.[1] ?? '';
  config = JSON.parse(Buffer.from(encoded, 'base64').toString()) as DockerConfig;
});
afterAll(async () => {
  await containerd.stop();
  await acme.stack.stop();
  await work.remove();
});

test('containerd pulls and runs a private image with the login in the pull secret', async () => {
  const login = Buffer.from(config.auths[acme.host]?.auth ?? '', 'base64').toString();
  const image = `${acme.host}/acme/app:1`;
  const pulled = await ctrPull(work, image, '--plain-http', '--user', login);
  expect(pulled.code, pulled.output).toBe(0);
  expect(await work.run('ctr', ['run', '--rm', '--snapshotter', 'native', image, 'app'])).toContain(greeting);
  expect((await ctrPull(work, image, '--plain-http')).code).not.toBe(0);
});

test('podman and skopeo take the secret as their login file', async () => {
  await writeFile(path.join(work.folder, 'secret.json'), JSON.stringify(config));
  const image = `${acme.host}/acme/app:1`;
  const login = ['--tls-verify=false', '--authfile', 'secret.json'];
  await work.run('podman', [...ownStorage(work), 'pull', '-q', ...login, image]);
  // Root without all its rights, as in a container, cannot raise limits: these are low. The cgroups are not systemd's.
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
  const podman = [...ownStorage(work), '--cgroup-manager', 'cgroupfs'];
  expect(await work.run('podman', [...podman, 'run', '--rm', '--network', 'none', ...limits, image])).toContain(
    greeting,
  );
  await work.run('skopeo', ['inspect', ...login, `docker://${image}`]);
});
