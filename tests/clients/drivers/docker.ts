import { loadImage, startDockerEngine } from '../docker-engine.ts';
import { digestOf, type Client } from './client.ts';

export const docker: Client = {
  name: 'docker',
  version: ['docker', '--version'],
  start: startDockerEngine,
  login: (work, host, { username, password }) =>
    work.attempt('docker', ['login', '-u', username, '--password-stdin', host], { input: password }),
  logout: (work, host) => work.run('docker', ['logout', host]),
  push: async (work, target) => {
    await loadImage(work, target);
    await work.run('docker', ['push', target]);
  },
  pull: async (work, reference) => {
    await work.attempt('docker', ['image', 'prune', '-af']);
    return digestOf(await work.run('docker', ['pull', reference]));
  },
  index: async (work, target, images) => {
    await work.run('docker', ['manifest', 'create', '--insecure', target, ...images]);
    await work.run('docker', ['manifest', 'push', '--insecure', target]);
  },
  mount: async (work, source, target) => {
    await work.run('docker', ['tag', source, target]);
    await work.run('docker', ['push', target]);
  },
  resumes: true,
};
