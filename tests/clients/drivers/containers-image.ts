import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Ran, Workplace } from '../workplace.ts';
import { digestOf, onlyDigestIn, type Client, type Login } from './client.ts';

// podman, buildah and skopeo are one family: they share the library that talks to registries, and the login file.

const loginWith =
  (command: string) =>
  (work: Workplace, host: string, { username, password }: Login): Promise<Ran> =>
    work.attempt(command, ['login', '--tls-verify=false', '-u', username, '--password-stdin', host], {
      input: password,
    });

/** Images of their own, in the workplace, with a storage driver that needs nothing of the kernel. */
export const ownStorage = (work: Workplace): string[] => [
  ...['--root', path.join(work.folder, 'images'), '--runroot', path.join(work.folder, 'run')],
  ...['--storage-driver', 'vfs'],
];

/** podman and buildah name their commands alike. */
function imageTool(name: 'podman' | 'buildah'): Client {
  const run = (work: Workplace, ...args: string[]) => work.run(name, [...ownStorage(work), ...args]);
  return {
    name,
    version: [name, '--version'],
    login: loginWith(name),
    logout: (work, host) => work.run(name, ['logout', host]),
    push: async (work, target) => {
      const id = (await run(work, 'pull', '-q', 'oci:layout:amd64')).trim();
      await run(work, 'tag', id, target);
      await run(work, 'push', '--tls-verify=false', target);
    },
    pull: async (work, reference) => {
      await run(work, 'rmi', '-a', '-f');
      await run(work, 'pull', '-q', '--tls-verify=false', reference);
      return digestOf(await run(work, 'images', '--digests', '--no-trunc'));
    },
    index: async (work, target, images) => {
      await run(work, 'manifest', 'create', target);
      for (const image of images) await run(work, 'manifest', 'add', '--tls-verify=false', target, `docker://${image}`);
      await run(work, 'manifest', 'push', '--all', '--tls-verify=false', target, `docker://${target}`);
    },
    mount: async (work, source, target) => {
      await run(work, 'tag', source, target);
      await run(work, 'push', '--tls-verify=false', target);
    },
  };
}

export const podman = imageTool('podman');
export const buildah = imageTool('buildah');

const copy = (work: Workplace, from: string, to: string, ...more: string[]) =>
  work.run('skopeo', ['copy', '--src-tls-verify=false', '--dest-tls-verify=false', ...more, from, to]);

async function copyHere(work: Workplace, reference: string): Promise<string> {
  await rm(path.join(work.folder, 'pulled'), { recursive: true, force: true });
  await copy(work, `docker://${reference}`, 'oci:pulled:here');
  return onlyDigestIn(work, 'pulled');
}

export const skopeo: Client = {
  name: 'skopeo',
  version: ['skopeo', '--version'],
  login: loginWith('skopeo'),
  logout: (work, host) => work.run('skopeo', ['logout', host]),
  push: (work, target) => copy(work, 'oci:layout:amd64', `docker://${target}`),
  pull: copyHere,
  index: (work, target) => copy(work, 'oci:layout:multi', `docker://${target}`, '--all'),
  mount: (work, source, target) => copy(work, `docker://${source}`, `docker://${target}`),
  remove: (work, reference) => work.run('skopeo', ['delete', '--tls-verify=false', `docker://${reference}`]),
};

/** umoci makes and unpacks images; skopeo carries them. */
export const umoci: Client = {
  name: 'umoci with skopeo',
  version: ['umoci', '--version'],
  login: loginWith('skopeo'),
  push: async (work, target) => {
    await work.run('umoci', ['config', '--image', 'layout:amd64', '--tag', 'umoci', '--author', 'alice']);
    await copy(work, 'oci:layout:umoci', `docker://${target}`);
  },
  pull: async (work, reference) => {
    const digest = await copyHere(work, reference);
    await rm(path.join(work.folder, 'bundle'), { recursive: true, force: true });
    await work.run('umoci', ['unpack', '--image', 'pulled:here', 'bundle']);
    await work.run('test', ['-x', 'bundle/rootfs/bin/busybox']);
    return digest;
  },
};
