import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Workplace } from '../workplace.ts';
import { onlyDigestIn, type Client } from './client.ts';

const run = (work: Workplace, ...args: string[]) => work.run('regctl', args);

export const regctl: Client = {
  name: 'regctl',
  version: ['regctl', 'version'],
  login: async (work, host, { username, password }) => {
    await run(work, 'registry', 'set', '--skip-check', '--tls', 'disabled', host);
    return work.attempt('regctl', ['registry', 'login', '-u', username, '--pass-stdin', host], { input: password });
  },
  logout: (work, host) => run(work, 'registry', 'logout', host),
  push: (work, target) => run(work, 'image', 'copy', 'ocidir://layout:amd64', target),
  pull: async (work, reference) => {
    await rm(path.join(work.folder, 'pulled'), { recursive: true, force: true });
    await run(work, 'image', 'copy', reference, 'ocidir://pulled:here');
    return onlyDigestIn(work, 'pulled');
  },
  index: (work, target, images) => run(work, 'index', 'create', target, ...images.flatMap((image) => ['--ref', image])),
  mount: (work, source, target) => run(work, 'image', 'copy', source, target),
  attach: (work, subject, artifactType) =>
    work.run('regctl', ['artifact', 'put', '--subject', subject, '--artifact-type', artifactType, '-m', 'text/plain'], {
      input: 'a list of parts',
    }),
  discover: (work, subject) => run(work, 'artifact', 'list', subject),
  remove: (work, reference) => run(work, 'tag', 'rm', reference),
  resumes: true,
};
