import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { buildOrganization, buildTeam, buildUser } from '@escale/schema/testing';
import {
  clientOf,
  descriptorOf,
  digestOf,
  emptyConfig,
  imageOf,
  indexOf,
  ociIndex,
  ociManifest,
  type RegistryClient,
} from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';

interface Listed {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Record<string, string>;
}

let registry: TestRegistry;
let writer: RegistryClient;
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  const owner = await buildUser(em);
  await buildOrganization(em, { name: 'acme', owner });
  writer = clientOf(registry, await registry.applicationToken(owner));
});
afterAll(() => registry.close());

const artifactOf = (more: object): string => imageOf([], { config: descriptorOf('{}', emptyConfig), ...more });
const subjectOf = (manifest: string) => ({ subject: descriptorOf(manifest, ociManifest) });

async function put(repository: string, reference: string, manifest: string) {
  const answer = await writer.putManifest(repository, reference, manifest);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer;
}

async function list(repository: string, digest: string, query = '') {
  const answer = await writer.send('GET', `/v2/${repository}/referrers/${digest}${query}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, ociIndex]);
  const { schemaVersion, mediaType, manifests } = JSON.parse(answer.text) as {
    schemaVersion: number;
    mediaType: string;
    manifests: Listed[];
  };
  expect([schemaVersion, mediaType]).toEqual([2, ociIndex]);
  return { manifests, digests: manifests.map((one) => one.digest), headers: answer.headers };
}

test('an empty last answers as without it', async () => {
  const subject = imageOf([], { annotations: { for: 'an empty last' } });
  await writer.pushBlob('acme/empty-last', '{}');
  await put('acme/empty-last', 'subject', subject);
  await put('acme/empty-last', 'referrer', artifactOf(subjectOf(subject)));
  const whole = await list('acme/empty-last', digestOf(subject));
  expect(whole.digests).toHaveLength(1);
  expect((await list('acme/empty-last', digestOf(subject), '?last=')).digests).toEqual(whole.digests);
});

describe('what names a subject', () => {
  const repository = 'acme/subjects';
  let subject: string;
  let signature: string;
  let report: string;
  let plain: string;
  let indexed: string;
  beforeAll(async () => {
    subject = await writer.pushImage(repository, 'subject');
    signature = artifactOf({
      artifactType: 'application/vnd.example.signature',
      ...subjectOf(subject),
      annotations: { who: 'me' },
    });
    report = artifactOf({ artifactType: 'application/vnd.example.report', ...subjectOf(subject) });
    plain = imageOf(['layer'], subjectOf(subject));
    indexed = indexOf([], subjectOf(subject));
    for (const manifest of [signature, report, plain, indexed]) {
      const { headers } = await put(repository, digestOf(manifest), manifest);
      expect(headers.get('oci-subject')).toBe(digestOf(subject));
    }
  });

  test('is listed in byte order, as type, size, artifact type and annotations of each say', async () => {
    const { manifests, digests } = await list(repository, digestOf(subject));
    expect(digests).toEqual([signature, report, plain, indexed].map((text) => digestOf(text)).sort());
    const found = (text: string) => manifests.find(({ digest }) => digest === digestOf(text));
    expect(found(signature)).toEqual({
      mediaType: ociManifest,
      digest: digestOf(signature),
      size: signature.length,
      artifactType: 'application/vnd.example.signature',
      annotations: { who: 'me' },
    });
    expect(found(plain)?.artifactType).toBe('application/vnd.oci.image.config.v1+json');
    expect(found(indexed)).toEqual({ mediaType: ociIndex, digest: digestOf(indexed), size: indexed.length });
  });

  test('is filtered by one artifact type, or by several', async () => {
    const [one, two] = ['application/vnd.example.signature', 'application/vnd.example.report'];
    const single = await list(repository, digestOf(subject), `?artifactType=${one}`);
    expect([single.digests, single.headers.get('oci-filters-applied')]).toEqual([
      [digestOf(signature)],
      'artifactType',
    ]);
    const both = await list(repository, digestOf(subject), `?artifactType=${one}&artifactType=${two}`);
    expect(both.digests).toEqual([signature, report].map((text) => digestOf(text)).sort());
    expect((await list(repository, digestOf(subject))).headers.get('oci-filters-applied')).toBeNull();
  });

  test('is listed for a subject that is not here, and no longer once it is deleted', async () => {
    const orphan = artifactOf(subjectOf('never pushed'));
    await put(repository, digestOf(orphan), orphan);
    expect((await list(repository, digestOf('never pushed'))).digests).toEqual([digestOf(orphan)]);
    await writer.send('DELETE', `/v2/${repository}/manifests/${digestOf(orphan)}`);
    expect((await list(repository, digestOf('never pushed'))).digests).toEqual([]);
  });

  test('of another repository is not listed (T28)', async () => {
    await writer.pushImage('acme/elsewhere', '1');
    expect((await list('acme/elsewhere', digestOf(subject))).digests).toEqual([]);
  });
});

describe('what was pushed before there were referrers', () => {
  const repository = 'acme/fallback';
  let subject: string;
  const tagFor = (text: string) => digestOf(text).replace(':', '-');
  beforeAll(async () => {
    subject = await writer.pushImage(repository, 'subject');
  });

  test('shows up when an index under the fallback tag lists it', async () => {
    const bare = artifactOf({ artifactType: 'application/vnd.example.bare' });
    const foreign = artifactOf({ artifactType: 'application/vnd.example.foreign', ...subjectOf('another subject') });
    for (const manifest of [bare, foreign]) await put(repository, digestOf(manifest), manifest);
    await put(repository, tagFor(subject), indexOf([bare, foreign]));
    expect((await list(repository, digestOf(subject))).digests).toEqual([digestOf(bare)]);
    await writer.send('DELETE', `/v2/${repository}/manifests/${tagFor(subject)}`);
    expect((await list(repository, digestOf(subject))).digests).toEqual([]);
  });

  test.each(['.sig', '.att', '.sbom'])('shows up when cosign tagged it with %s', async (suffix) => {
    const signed = imageOf(['layer'], { annotations: { suffix } });
    await put(repository, `${tagFor(subject)}${suffix}`, signed);
    expect((await list(repository, digestOf(subject))).digests).toContain(digestOf(signed));
  });
});

test('many referrers are paged: together the pages are all of them, once each', async () => {
  const repository = 'acme/many';
  const subject = await writer.pushImage(repository, 'subject');
  // Two of them do not fit into one page of 4 MiB.
  const padding = 'x'.repeat(2_200_000);
  const referrers = [0, 1, 2, 3].map((n) =>
    artifactOf({ ...subjectOf(subject), annotations: { n: String(n), padding } }),
  );
  for (const manifest of referrers) await put(repository, digestOf(manifest), manifest);
  const pages: string[][] = [];
  let query: string | undefined = '';
  while (query !== undefined) {
    const { digests, headers }: Awaited<ReturnType<typeof list>> = await list(repository, digestOf(subject), query);
    pages.push(digests);
    query = /<[^?>]*(\?[^>]*)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
  }
  expect(pages.length).toBe(2);
  expect(pages.flat()).toEqual(referrers.map((text) => digestOf(text)).sort());
});

test('a repository yet to come has none, for those who may create it; for others it does not exist', async () => {
  const em = registry.database.orm.em.fork();
  const [creator, member] = [await buildUser(em), await buildUser(em)];
  const organization = await buildOrganization(em, { name: 'other' });
  await buildTeam(em, { organization, role: 'creator', members: [creator] });
  await buildTeam(em, { organization, members: [member] });
  const ask = async (client: RegistryClient) => {
    const { status, code } = await client.send('GET', `/v2/other/coming/referrers/${digestOf('x')}`);
    return [status, code];
  };
  expect(await ask(clientOf(registry, await registry.applicationToken(creator)))).toEqual([200, undefined]);
  expect(await ask(clientOf(registry, await registry.applicationToken(member)))).toEqual([404, 'NAME_UNKNOWN']);
  expect(await ask(clientOf(registry, undefined))).toEqual([401, 'UNAUTHORIZED']);
});
