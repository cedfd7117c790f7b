import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { UsageLogEntry, type User } from '@escale/schema/entities';
import { buildOrganization, buildUser } from '@escale/schema/testing';
import { userPrincipal } from '@escale/domain/credentials';
import {
  findManifests,
  findTagDetails,
  readManifestContents,
  restoreTag,
  setTagExpiry,
  setTagImmutability,
} from '@escale/domain/content';
import { clientOf, digestOf, imageOf, type RegistryClient } from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';

let registry: TestRegistry;
let owner: User;
let writer: RegistryClient;
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  owner = await buildUser(em);
  await buildOrganization(em, { name: 'acme', owner });
  writer = clientOf(registry, await registry.applicationToken(owner));
});
afterAll(() => registry.close());

const ctx = () => registry.contextOf(userPrincipal(owner, { kind: 'session', signedInAt: new Date() }));
const get = (repository: string, reference: string) => writer.send('GET', `/v2/${repository}/manifests/${reference}`);
const remove = (repository: string, reference: string) =>
  writer.send('DELETE', `/v2/${repository}/manifests/${reference}`);

/** An image whose config has labels, pushed as clients push. */
async function pushLabelled(repository: string, tag: string, labels: Record<string, string>): Promise<string> {
  return (await pushLabelledImage(repository, tag, labels)).manifest;
}

async function pushLabelledImage(
  repository: string,
  tag: string,
  labels: Record<string, string>,
  more: object = {},
): Promise<{ manifest: string; warnings: string | null }> {
  const config = JSON.stringify({ os: 'linux', architecture: 'arm64', variant: 'v8', config: { Labels: labels } });
  for (const blob of [config, 'layer']) await writer.pushBlob(repository, blob);
  const manifest = imageOf(['layer'], more, config);
  const answer = await writer.putManifest(repository, tag, manifest);
  expect(answer.status).toBe(201);
  return { manifest, warnings: answer.headers.get('warning') };
}

describe('labels in the config of an image', () => {
  test('quay.expires-after: the tag ends by itself', async () => {
    await pushLabelled('acme/labelled', 'short', { 'quay.expires-after': '2h' });
    const { expiresAt } = (await findTagDetails(ctx(), 'acme/labelled', 'short')) ?? {};
    const hours = ((expiresAt?.getTime() ?? 0) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(1.9);
    expect(hours).toBeLessThanOrEqual(2);
  });

  test.each([
    ['quay.expires-after', '3M'],
    ['escale.expires-after', '1.5h'],
    ['quay.expires-after', '0d'],
    ['escale.expires-after', '99999999999999999999w'],
    ['quay.immutable', 'yes'],
    ['escale.immutable', '1'],
  ])('%s=%s is not understood: the push succeeds with a warning, and asks for nothing', async (name, value) => {
    const asLabel = await pushLabelledImage('acme/odd', `label-${name}`, { [name]: value });
    const asAnnotation = await pushLabelledImage(
      'acme/odd',
      `annotation-${name}`,
      {},
      { annotations: { [name]: value } },
    );
    for (const { warnings } of [asLabel, asAnnotation]) {
      expect(warnings).toMatch(/^299 - "the label /);
      expect(warnings).toContain(`${name}=\\"${value}\\" is not understood`);
    }
    for (const tag of [`label-${name}`, `annotation-${name}`])
      expect(await findTagDetails(ctx(), 'acme/odd', tag)).toMatchObject({ expiresAt: null, immutable: false });
  });

  test('labels that contradict each other, or ask for too much, are answered with a warning each', async () => {
    const labels = { 'quay.expires-after': '1d', 'escale.expires-after': '2000w' };
    const { warnings } = await pushLabelledImage('acme/odd', 'contradiction', labels);
    expect(warnings).toContain('quay.expires-after=\\"1d\\" has no effect');
    expect(warnings).toContain('expire after 104 weeks');
  });

  test('labels that are understood, and those of others, cause no warning', async () => {
    const labels = { 'quay.expires-after': '2d', 'escale.immutable': 'false', maintainer: 'alice' };
    expect((await pushLabelledImage('acme/odd', 'understood', labels)).warnings).toBeNull();
  });

  test('a value that is no ASCII text reaches the warning as plain characters only', async () => {
    const { warnings } = await pushLabelledImage('acme/odd', 'hostile', {
      'quay.expires-after': 'x"\r\nSet-Cookie: é',
    });
    expect(warnings).toContain('Set-Cookie: ?');
    expect(warnings).not.toMatch(/[\r\n]/);
  });

  test('quay.immutable: the tag stays what it is, on every way of the protocol (T13); the same again succeeds', async () => {
    const manifest = await pushLabelled('acme/fixed', 'v1', { 'quay.immutable': 'true' });
    const other = imageOf(['layer'], { annotations: { other: 'yes' } }, '{}');
    await writer.pushBlob('acme/fixed', '{}');
    for (const refused of [
      await writer.putManifest('acme/fixed', 'v1', other),
      await writer.putManifest('acme/fixed', digestOf(other), other, {}, '?tag=v1'),
      await remove('acme/fixed', 'v1'),
      await remove('acme/fixed', digestOf(manifest)),
    ]) {
      expect([refused.status, refused.code]).toEqual([403, 'DENIED']);
      expect(refused.text).toContain('the tag v1 is immutable');
    }
    expect((await writer.putManifest('acme/fixed', 'v1', manifest)).status).toBe(201);
    expect((await get('acme/fixed', 'v1')).text).toBe(manifest);
    expect((await get('acme/fixed', digestOf(other))).status).toBe(404);
  });

  test('the config is kept with the manifest; a page about it needs no blob store', async () => {
    const digest = digestOf(await pushLabelled('acme/shown', 'v1', { maintainer: 'alice' }));
    expect((await findManifests(ctx(), 'acme/shown', [digest])).get(digest)?.platform).toBe('linux/arm64/v8');
    const { config } = (await readManifestContents(ctx(), 'acme/shown', [digest])).get(digest) ?? {};
    expect(config?.labels).toEqual([['maintainer', 'alice']]);
  });

  test('a config that is no JSON is kept from nobody', async () => {
    await writer.pushBlob('acme/odd', 'not json');
    await writer.pushBlob('acme/odd', 'layer');
    const manifest = imageOf(['layer'], {}, 'not json');
    expect((await writer.putManifest('acme/odd', 'v1', manifest)).status).toBe(201);
    expect((await findTagDetails(ctx(), 'acme/odd', 'v1'))?.platforms).toEqual([]);
  });
});

describe('deleting (end-9)', () => {
  test('by digest takes all its tags, at once; restoring one brings it back as it was', async () => {
    const manifest = await writer.pushImage('acme/deleted', 'a');
    const digest = digestOf(manifest);
    await writer.putManifest('acme/deleted', 'b', manifest);
    expect((await remove('acme/deleted', digest)).status).toBe(202);
    for (const reference of ['a', 'b', digest]) expect((await get('acme/deleted', reference)).status).toBe(404);
    expect((await remove('acme/deleted', digest)).status).toBe(404);
    await restoreTag(ctx(), { repository: 'acme/deleted', tag: 'a', digest });
    for (const reference of ['a', digest]) expect((await get('acme/deleted', reference)).text).toBe(manifest);
    expect((await get('acme/deleted', 'b')).status).toBe(404);
  });

  test('a tag that ended says so, and until when it can be restored', async () => {
    await writer.pushImage('acme/ended', 'a');
    await writer.pushImage('acme/ended', 'b');
    await remove('acme/ended', 'a');
    const deleted = await get('acme/ended', 'a');
    expect([deleted.status, deleted.code]).toEqual([404, 'MANIFEST_UNKNOWN']);
    expect(deleted.text).toMatch(/the tag a was deleted at .*; it can be restored until /);
    await setTagExpiry(ctx(), { repository: 'acme/ended', tag: 'b', expiresAt: new Date(Date.now() + 1e6) });
    await registry.database.orm.em
      .fork()
      .execute(`update tags set expires_at = now() - interval '1 second' where name = 'b'`);
    expect((await get('acme/ended', 'b')).text).toMatch(/the tag b expired at .*; it can be restored until /);
    expect((await get('acme/ended', 'never')).text).toContain('no such manifest');
    expect((await writer.send('GET', '/v2/acme/ended/tags/list')).text).toContain('"tags":[]');
  });

  test('a tag made immutable by hand is held like a labelled one', async () => {
    const manifest = await writer.pushImage('acme/held', 'a');
    await setTagImmutability(ctx(), { repository: 'acme/held', tag: 'a', immutable: true });
    expect((await remove('acme/held', digestOf(manifest))).status).toBe(403);
    await setTagImmutability(ctx(), { repository: 'acme/held', tag: 'a', immutable: false });
    expect((await remove('acme/held', digestOf(manifest))).status).toBe(202);
  });
});

test('a pull by name is noted on the tag, one by digest is not', async () => {
  const digest = digestOf(await writer.pushImage('acme/pulled', 'a'));
  const lastPull = async () => (await findTagDetails(ctx(), 'acme/pulled', 'a'))?.lastPulledAt;
  await get('acme/pulled', digest);
  await writer.send('HEAD', '/v2/acme/pulled/manifests/a');
  const entries = () =>
    registry.database.orm.em.fork().count(UsageLogEntry, { kind: 'repository.pulled', repository: 'acme/pulled' });
  await vi.waitFor(async () => expect(await entries()).toBe(1), 20_000);
  expect(await lastPull()).toBeNull();
  await get('acme/pulled', 'a');
  await vi.waitFor(async () => expect(await lastPull()).toBeInstanceOf(Date), 20_000);
});
