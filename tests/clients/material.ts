import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Workplace } from './workplace.ts';

/** What the images print when they are run. */
export const greeting = 'the image runs';

export const platforms = ['amd64', 'arm64'] as const;

/**
 * Makes images without any other registry, as an OCI layout in the folder `layout`: `amd64` and `arm64` have a static busybox and
 * layers that do not compress, `multi` is an index of both.
 * @param layers mebibytes of each
 */
export async function makeLayout(work: Workplace, layers: readonly number[]): Promise<void> {
  const umoci = (...args: string[]) => work.run('umoci', args);
  const base = path.join(work.folder, 'base');
  await mkdir(path.join(base, 'bin'), { recursive: true });
  await copyFile((await work.run('sh', ['-c', 'command -v busybox'])).trim(), path.join(base, 'bin/busybox'));
  await symlink('busybox', path.join(base, 'bin/sh'));
  const command = ['/bin/busybox', 'echo', greeting].flatMap((word) => ['--config.cmd', word]);
  await umoci('init', '--layout', 'layout');
  await umoci('new', '--image', 'layout:amd64');
  await umoci('insert', '--image', 'layout:amd64', 'base', '/');
  for (const [index, mebibytes] of layers.entries()) {
    const file = `layer-${String(index)}`;
    await writeFile(path.join(work.folder, file), randomBytes(mebibytes * 1024 * 1024));
    await umoci('insert', '--image', 'layout:amd64', file, `/${file}`);
  }
  await umoci('config', '--image', 'layout:amd64', ...command);
  await umoci('config', '--image', 'layout:amd64', '--tag', 'arm64', '--architecture', 'arm64');
  await addIndex(path.join(work.folder, 'layout'));
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

async function readIndex(layout: string): Promise<{ schemaVersion: 2; manifests: Descriptor[] }> {
  const text = await readFile(path.join(layout, 'index.json'), 'utf8');
  return JSON.parse(text) as { schemaVersion: 2; manifests: Descriptor[] };
}

/** umoci makes images only, so the index of them is written by hand. */
async function addIndex(layout: string): Promise<void> {
  const index = await readIndex(layout);
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const manifests = index.manifests.map(({ annotations, ...manifest }) => {
    const architecture = annotations?.['org.opencontainers.image.ref.name'];
    return { ...manifest, platform: { os: 'linux', architecture } };
  });
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  const hash = createHash('sha256').update(bytes).digest('hex');
  await writeFile(path.join(layout, 'blobs/sha256', hash), bytes);
  const annotations = { 'org.opencontainers.image.ref.name': 'multi' };
  index.manifests.push({ mediaType, digest: `sha256:${hash}`, size: bytes.length, annotations });
  await writeFile(path.join(layout, 'index.json'), JSON.stringify(index));
}
