import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Workplace } from '../workplace.ts';
import { onlyDigestIn, type Client } from './client.ts';

const run = (work: Workplace, ...args: string[]) => work.run('oras', args);

export const oras: Client = {
  name: 'oras',
  version: ['oras', 'version'],
  login: (work, host, { username, password }) =>
    work.attempt('oras', ['login', '--plain-http', '-u', username, '--password-stdin', host], { input: password }),
  logout: (work, host) => run(work, 'logout', host),
  push: (work, target) => run(work, 'cp', '--from-oci-layout', '--to-plain-http', 'layout:amd64', target),
  pull: async (work, reference) => {
    await rm(path.join(work.folder, 'pulled'), { recursive: true, force: true });
    await run(work, 'cp', '--from-plain-http', reference, '--to-oci-layout', 'pulled:here');
    return onlyDigestIn(work, 'pulled');
  },
  index: async (work, target, images) => {
    // oras makes an index of what lies in the index's own repository.
    const repository = target.replace(/:[^:]*$/, '');
    const tags = images.map((image) => image.replace(/^.*:/, ''));
    for (const [position, image] of images.entries())
      await run(work, 'cp', '--from-plain-http', '--to-plain-http', image, `${repository}:${tags[position] ?? ''}`);
    await run(work, 'manifest', 'index', 'create', '--plain-http', target, ...tags);
  },
  mount: (work, source, target) => run(work, 'cp', '--from-plain-http', '--to-plain-http', source, target),
  attach: async (work, subject, artifactType) => {
    await writeFile(path.join(work.folder, 'parts.txt'), 'a list of parts');
    await run(work, 'attach', '--plain-http', '--artifact-type', artifactType, subject, 'parts.txt:text/plain');
  },
  discover: (work, subject) => run(work, 'discover', '--plain-http', subject),
  remove: (work, reference) => run(work, 'manifest', 'delete', '--plain-http', '--force', reference),
};
