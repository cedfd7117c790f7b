import { startContainerd } from '../containerd.ts';
import type { Workplace } from '../workplace.ts';
import { digestOf, type Client } from './client.ts';

/** ctr keeps no login: it is said with each command. */
const logins = new WeakMap<Workplace, string>();
const remote = (work: Workplace) => ['--plain-http', '--user', logins.get(work) ?? ''];

const images = (work: Workplace, ...args: string[]) => work.run('ctr', ['images', ...args]);

/** Pulls into the native snapshotter, which needs nothing of the kernel. */
export const ctrPull = (work: Workplace, reference: string, ...more: string[]) =>
  work.attempt('ctr', ['images', 'pull', '--snapshotter', 'native', ...more, reference]);

export const ctr: Client = {
  name: 'containerd (ctr)',
  version: ['ctr', '--version'],
  start: startContainerd,
  login: (work, host, { username, password }) => {
    logins.set(work, username && `${username}:${password}`);
    return work.attempt('ctr', ['content', 'fetch', ...remote(work), `${host}/acme/seed:amd64`]);
  },
  push: async (work, target) => {
    await work.run('skopeo', ['copy', 'oci:layout:amd64', `oci-archive:image.tar:${target}`]);
    await images(work, 'import', '--no-unpack', 'image.tar');
    await images(work, 'push', ...remote(work), target);
  },
  pull: async (work, reference) => {
    const known = (await images(work, 'ls', '-q')).split('\n').filter(Boolean);
    if (known.length > 0) await images(work, 'rm', '--sync', ...known);
    const { code, output } = await ctrPull(work, reference, ...remote(work));
    if (code !== 0) throw new Error(output);
    return digestOf((await images(work, 'ls', `name==${reference}`)).replace(reference, ''));
  },
  index: async (work, target, [any = '']) => {
    const multi = any.replace(/:[^:]*$/, ':multi');
    const { code, output } = await ctrPull(work, multi, '--all-platforms', ...remote(work));
    if (code !== 0) throw new Error(output);
    await images(work, 'tag', multi, target);
    await images(work, 'push', ...remote(work), target);
  },
  mount: async (work, source, target) => {
    await images(work, 'tag', source, target);
    await images(work, 'push', ...remote(work), target);
  },
  resumes: true,
};
