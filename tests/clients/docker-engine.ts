import { rm } from 'node:fs/promises';
import path from 'node:path';
import { startDaemon, type Daemon } from './daemon.ts';
import type { Workplace } from './workplace.ts';

/** A docker engine of a workplace: own data, own socket, no network set-up, no other engine disturbed. */
export async function startDockerEngine(work: Workplace): Promise<Daemon> {
  const folder = path.join(work.folder, 'docker');
  work.env['DOCKER_HOST'] = `unix://${folder}.sock`;
  const daemon = await startDaemon(
    'dockerd',
    [
      ...['--iptables=false', '--ip-masq=false', '--bridge=none', '--storage-driver=vfs'],
      ...[`--data-root=${folder}/data`, `--exec-root=${folder}/exec`, `--pidfile=${folder}.pid`],
      `--host=${work.env['DOCKER_HOST']}`,
    ],
    async () => (await work.attempt('docker', ['info'])).code === 0,
  );
  return {
    stop: async () => {
      await daemon.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Gives the engine the image `amd64` of the workplace's layout under a name. */
export async function loadImage(work: Workplace, name: string): Promise<void> {
  await work.run('skopeo', ['copy', '-q', 'oci:layout:amd64', `docker-archive:image.tar:${name}`]);
  await work.run('docker', ['load', '-i', 'image.tar']);
  await rm(path.join(work.folder, 'image.tar'));
}
