import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Workplace } from '../workplace.ts';
import { onlyDigestIn, type Client } from './client.ts';

const run = (work: Workplace, ...args: string[]) => work.run('crane', ['--insecure', ...args]);

export const crane: Client = {
  name: 'crane',
  version: ['crane', 'version'],
  login: (work, host, { username, password }) =>
    work.attempt('crane', ['--insecure', 'auth', 'login', '-u', username, '--password-stdin', host], {
      input: password,
    }),
  logout: (work, host) => run(work, 'auth', 'logout', host),
  push: async (work, target) => {
    await work.run('skopeo', ['copy', 'oci:layout:amd64', 'oci:one:amd64']);
    await run(work, 'push', 'one', target);
  },
  pull: async (work, reference) => {
    await rm(path.join(work.folder, 'pulled'), { recursive: true, force: true });
    await run(work, 'pull', '--format', 'oci', reference, 'pulled');
    return onlyDigestIn(work, 'pulled');
  },
  index: (work, target, images) =>
    run(work, 'index', 'append', ...images.flatMap((image) => ['-m', image]), '-t', target),
  mount: (work, source, target) => run(work, 'copy', source, target),
  remove: (work, reference) => run(work, 'delete', reference),
};
