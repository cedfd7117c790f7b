import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { setTagImmutability } from '@escale/domain/content';
import { userPrincipal } from '@escale/domain/credentials';
import { openAcme, type AcmeScene } from '../testing/acme-scene.ts';
import {
  clientOf,
  descriptorOf,
  digestOf,
  indexOf,
  ociIndex,
  type RegistryClient,
} from '../testing/registry-client.ts';

let acme: AcmeScene;
let alice: RegistryClient;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
  alice = clientOf(acme.registry, acme.writer);
});
afterAll(() => acme.close());

const remove = (repository: string, rest: string) => alice.send('DELETE', `/v2/${repository}/${rest}`);

/** Reads an image as a client does: the manifest, and all that it lists. */
async function pulls(repository: string, reference: string): Promise<number[]> {
  const { status, text } = await alice.send('GET', `/v2/${repository}/manifests/${reference}`);
  if (status !== 200) return [status];
  const {
    config,
    layers = [],
    manifests = [],
  } = JSON.parse(text) as Record<string, never> & {
    config?: { digest: string };
    layers?: { digest: string }[];
    manifests?: { digest: string }[];
  };
  const blobs = await Promise.all(
    [...(config ? [config] : []), ...layers].map(({ digest }) =>
      alice.send('GET', `/v2/${repository}/blobs/${digest}`),
    ),
  );
  const children = await Promise.all(manifests.map(({ digest }) => pulls(repository, digest)));
  return [status, ...blobs.map((blob) => blob.status), ...children.flat()];
}

describe('a caller with write', () => {
  test('cannot delete the layers or the config of a tagged image, immutable or not', async () => {
    const manifest = await alice.pushImage('acme/held', 'v1', ['layer of v1']);
    for (const immutable of [false, true]) {
      const principal = userPrincipal(acme.alice, { kind: 'session', signedInAt: new Date() });
      await setTagImmutability(acme.registry.contextOf(principal), { repository: 'acme/held', tag: 'v1', immutable });
      for (const blob of ['{}', 'layer of v1']) {
        const { status, code, text } = await remove('acme/held', `blobs/${digestOf(blob)}`);
        expect([status, code]).toEqual([405, 'UNSUPPORTED']);
        for (const named of [digestOf(manifest), 'v1']) expect(text).toContain(named);
      }
    }
    expect(await pulls('acme/held', 'v1')).toEqual([200, 200, 200]);
  });

  test('cannot delete the child of an index', async () => {
    const child = await alice.pushImage('acme/multi', 'child', ['layer']);
    const index = indexOf([child]);
    await alice.putManifest('acme/multi', 'multi', index);
    const { status, code, text } = await remove('acme/multi', `manifests/${digestOf(child)}`);
    expect([status, code]).toEqual([405, 'UNSUPPORTED']);
    for (const named of [digestOf(index), 'multi']) expect(text).toContain(named);
    expect(await pulls('acme/multi', 'multi')).toEqual([200, 200, 200, 200]);
    // A refused deletion takes nothing with it, the tags of the child neither.
    expect(await pulls('acme/multi', 'child')).toEqual([200, 200, 200]);
  });

  test('cannot delete a blob that an index lists', async () => {
    const blob = await alice.pushBlob('acme/cache', 'of an older builder');
    const cache = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [descriptorOf('of an older builder', 'application/vnd.docker.image.rootfs.diff.tar.gzip')],
    });
    expect((await alice.putManifest('acme/cache', 'cache', cache)).status).toBe(201);
    expect((await remove('acme/cache', `blobs/${blob}`)).status).toBe(405);
    expect((await alice.send('HEAD', `/v2/acme/cache/blobs/${blob}`)).status).toBe(200);
  });

  test('can delete all of an image from its top to its bottom', async () => {
    const child = await alice.pushImage('acme/whole', 'child', ['bottom']);
    const index = indexOf([child]);
    await alice.putManifest('acme/whole', 'multi', index);
    for (const rest of [
      `manifests/${digestOf(index)}`,
      `manifests/${digestOf(child)}`,
      `blobs/${digestOf('bottom')}`,
      `blobs/${digestOf('{}')}`,
    ]) {
      expect((await remove('acme/whole', rest)).status).toBe(202);
    }
    expect((await alice.send('HEAD', `/v2/acme/whole/blobs/${digestOf('bottom')}`)).status).toBe(404);
  });
});

test('whatever comes first, a push and the deletion of its layer never both succeed', async () => {
  const repository = 'acme/contested';
  await alice.pushBlob(repository, '{}');
  for (let round = 0; round < 12; round += 1) {
    const layer = `contested ${String(round)}`;
    await alice.pushBlob(repository, layer);
    const image = JSON.stringify({
      ...(JSON.parse(indexOf([])) as object),
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptorOf('{}', 'application/vnd.oci.image.config.v1+json'),
      layers: [descriptorOf(layer, 'application/vnd.oci.image.layer.v1.tar')],
      manifests: undefined,
    });
    const [push, deletion] = await Promise.all([
      alice.putManifest(repository, `r${String(round)}`, image),
      remove(repository, `blobs/${digestOf(layer)}`),
    ]);
    const outcome = [push.status, deletion.status];
    expect([
      [201, 405],
      [400, 202],
    ]).toContainEqual(outcome);
    if (push.status === 201) expect(await pulls(repository, `r${String(round)}`)).toEqual([200, 200, 200]);
  }
});
