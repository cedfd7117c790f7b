import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DockerEngine } from './docker-engine.ts';

/** What the image prints when it is run. */
export const greeting = 'the image runs';

const mebibyte = 1024 * 1024;

/**
 * Makes an image without any other registry: a static busybox as its base, then layers of random bytes, which do not compress.
 * @param layers mebibytes of each
 */
export async function buildImage(engine: DockerEngine, name: string, layers: readonly number[]): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'escale-image-'));
  try {
    await mkdir(path.join(folder, 'root/bin'), { recursive: true });
    await copyFile(busybox(), path.join(folder, 'root/bin/busybox'));
    await symlink('busybox', path.join(folder, 'root/bin/sh'));
    const files = layers.map((_, index) => `layer-${String(index)}`);
    for (const [index, size] of layers.entries())
      await writeFile(path.join(folder, files[index] ?? ''), randomBytes(size * mebibyte));
    await writeFile(
      path.join(folder, 'Dockerfile'),
      [
        'FROM scratch',
        'COPY root/ /',
        ...files.map((file) => `COPY ${file} /${file}`),
        `CMD ["/bin/busybox", "echo", "${greeting}"]`,
      ].join('\n'),
    );
    const { code, output } = engine.shell(`DOCKER_BUILDKIT=0 docker build --network none -t ${name} ${folder}`);
    if (code !== 0) throw new Error(`the image could not be built:\n${output}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function busybox(): string {
  const found = spawnSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).stdout.trim();
  if (!found) throw new Error('the client tests need a static busybox: apt-get install busybox-static');
  return found;
}
