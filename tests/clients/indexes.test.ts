import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAcme, type Acme } from './acme.ts';
import { startContainerd } from './containerd.ts';
import type { Daemon } from './daemon.ts';
import { startDockerEngine } from './docker-engine.ts';
import { digestOf, type Client } from './drivers/client.ts';
import { ownStorage, podman, skopeo } from './drivers/containers-image.ts';
import { ctr } from './drivers/ctr.ts';
import { docker } from './drivers/docker.ts';
import { oras } from './drivers/oras.ts';
import { greeting, makeLayout } from './material.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const ociIndex = 'application/vnd.oci.image.index.v1+json';
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const imageConfig = 'application/vnd.oci.image.config.v1+json';
const layer = 'application/vnd.oci.image.layer.v1.tar+gzip';

interface Entry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

let acme: Acme;
let work: Workplace;
let daemons: Daemon[];
const on = (reference: string) => `${acme.host}/${reference}`;

beforeAll(async () => {
  [acme, work] = await Promise.all([startAcme(), openWorkplace()]);
  daemons = [await startDockerEngine(work), await startContainerd(work)];
  await makeLayout(work, [1]);
  const token = await acme.createToken('indexes');
  for (const client of [docker, podman, oras, ctr]) await client.login(work, acme.host, token);
});
afterAll(async () => {
  for (const daemon of daemons) await daemon.stop();
  await acme.stack.stop();
  await work.remove();
});

/** The arguments of oras for a file of this content, with its media type. */
async function fileOf(name: string, content: string, mediaType: string): Promise<string> {
  await writeFile(path.join(work.folder, name), content);
  return `${name}:${mediaType}`;
}

async function pushBlob(repository: string, content: string, mediaType: string): Promise<Entry> {
  await writeFile(path.join(work.folder, 'blob'), content);
  const printed = await work.run('oras', ['blob', 'push', '--plain-http', on(repository), 'blob']);
  return { mediaType, digest: digestOf(printed), size: Buffer.byteLength(content) };
}

async function pushIndex(reference: string, manifests: readonly object[]): Promise<void> {
  await fileOf('index.json', JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests }), ociIndex);
  await work.run('oras', ['manifest', 'push', '--plain-http', '--media-type', ociIndex, on(reference), 'index.json']);
}

async function entryOf(reference: string): Promise<Entry> {
  const printed = await work.run('oras', ['manifest', 'fetch', '--plain-http', '--descriptor', on(reference)]);
  return JSON.parse(printed) as Entry;
}

describe('an image as BuildKit builds it, with its attestation beside it in one index', () => {
  const manifestsIn = async (reference: string) =>
    (
      JSON.parse(await work.run('docker', ['manifest', 'inspect', '--insecure', on(reference)])) as {
        manifests: { digest: string; platform: { os: string; architecture: string } }[];
      }
    ).manifests;

  beforeAll(async () => {
    await oras.push?.(work, on('acme/built:amd64'));
    const image = await entryOf('acme/built:amd64');
    const statement = JSON.stringify({ predicateType: 'https://slsa.dev/provenance/v0.2', predicate: {} });
    const config = await fileOf('attestation.json', '{}', imageConfig);
    const file = await fileOf('provenance.json', statement, 'application/vnd.in-toto+json');
    const push = ['push', '--plain-http', '--image-spec', 'v1.0', '--config', config];
    await work.run('oras', [...push, on('acme/built:attestation'), file]);
    const attestation = await entryOf('acme/built:attestation');
    await pushIndex('acme/built:1', [
      { ...image, platform: { os: 'linux', architecture: 'amd64' } },
      {
        ...attestation,
        annotations: {
          'vnd.docker.reference.digest': image.digest,
          'vnd.docker.reference.type': 'attestation-manifest',
        },
        platform: { os: 'unknown', architecture: 'unknown' },
      },
    ]);
  });

  test('docker sees both in it, and pulls and runs the image', async () => {
    expect((await manifestsIn('acme/built:1')).map(({ platform }) => platform)).toMatchObject([
      { os: 'linux', architecture: 'amd64' },
      { os: 'unknown', architecture: 'unknown' },
    ]);
    await docker.pull(work, on('acme/built:1'));
    expect(await work.run('docker', ['run', '--rm', '--network', 'none', on('acme/built:1')])).toContain(greeting);
  });

  test.each<Client>([podman, skopeo, ctr])('$name pulls the image', async (client) => {
    await client.pull(work, on('acme/built:1'));
  });

  test('copied as a whole into another repository, it is the same index', async () => {
    const login = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    await work.run('skopeo', [
      ...['copy', '--all', ...login, `docker://${on('acme/built:1')}`, `docker://${on('acme/shipped:1')}`],
    ]);
    expect(await manifestsIn('acme/shipped:1')).toEqual(await manifestsIn('acme/built:1'));
  });
});

describe('BuildKit caches', () => {
  const cacheConfig = 'application/vnd.buildkit.cacheconfig.v0';

  test('in the form of an image manifest', async () => {
    const config = await fileOf('config.json', '{"layers":[]}', cacheConfig);
    const file = await fileOf('step-1', 'what a step made', layer);
    await work.run('oras', ['push', '--plain-http', '--config', config, on('acme/cache:manifest'), file]);
    expect(await entryOf('acme/cache:manifest')).toMatchObject({ mediaType: ociManifest });
    await rm(path.join(work.folder, 'step-1'));
    await work.run('oras', ['pull', '--plain-http', on('acme/cache:manifest')]);
    expect(await work.run('cat', ['step-1'])).toBe('what a step made');
  });

  test('in the older form of an index whose entries are layers', async () => {
    const step = await pushBlob('acme/cache', 'what another step made', layer);
    await pushIndex('acme/cache:index', [step, await pushBlob('acme/cache', '{"layers":[{}]}', cacheConfig)]);
    const fetched = ['blob', 'fetch', '--plain-http', '--output', '-', on(`acme/cache@${step.digest}`)];
    expect(await work.run('oras', fetched)).toBe('what another step made');
  });
});

test('an index in an index is pushed, and copied with everything below it', async () => {
  await skopeo.index?.(work, on('acme/nested:inner'), []);
  await pushIndex('acme/nested:outer', [await entryOf('acme/nested:inner')]);
  await work.run('oras', [
    'cp',
    '--from-plain-http',
    '--to-plain-http',
    on('acme/nested:outer'),
    on('acme/unfolded:1'),
  ]);
  await skopeo.pull(work, on(`acme/unfolded@${(await entryOf('acme/nested:inner')).digest}`));
});

test('skopeo syncs a repository with all its tags to a folder and from there to another one', async () => {
  for (const tag of ['1', '2', 'latest']) await skopeo.push?.(work, on(`acme/synced:${tag}`));
  const sync = ['sync', '--all', '--src-tls-verify=false', '--dest-tls-verify=false'];
  await work.run('skopeo', [...sync, '--src', 'docker', '--dest', 'dir', on('acme/synced'), 'mirror']);
  await work.run('skopeo', [...sync, '--src', 'dir', '--dest', 'docker', 'mirror', on('acme/backup')]);
  const tags = await acme.oci.request('/v2/acme/backup/synced/tags/list');
  expect(await tags.json()).toMatchObject({ tags: ['1', '2', 'latest'] });
  expect(await acme.oci.pullImage('acme/backup/synced', 'latest')).toBe((await entryOf('acme/synced:latest')).digest);
});

test('podman and docker pull a public image without a login, and nothing else', async () => {
  await skopeo.push?.(work, on('acme/open:1'));
  await acme.makePublic('acme/open');
  const stranger = await openWorkplace();
  stranger.env['DOCKER_HOST'] = work.env['DOCKER_HOST'] ?? '';
  const pull = [...ownStorage(stranger), 'pull', '-q', '--tls-verify=false', on('acme/open:1')];
  await stranger.run('podman', pull);
  await docker.pull(stranger, on('acme/open:1'));
  await expect(docker.pull(stranger, on('acme/built:amd64'))).rejects.toThrow(/unauthorized/);
  await stranger.remove();
});
