import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAcme, type Acme } from './acme.ts';
import { stepsOf } from './step.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

// Keys of our own and no transparency log: nothing here leaves the machine.
const signing = ['--yes', '--key', 'cosign.key', '--use-signing-config=false', '--tlog-upload=false'];
const verifying = ['--key', 'cosign.pub', '--insecure-ignore-tlog=true'];
const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

const step = stepsOf({ name: 'cosign', version: ['cosign', 'version'] });
let acme: Acme;
let work: Workplace;
const cosign = (command: string, ...args: string[]) => work.run('cosign', [command, '--allow-http-registry', ...args]);
const login = async ({ username, password }: { username: string; password: string }) => {
  await work.run('cosign', ['login', '-u', username, '--password-stdin', acme.host], { input: password });
};
/** Pushes an image and signs it. @returns the reference to sign and verify */
const push = async (repository: string) => {
  const { digest } = await acme.oci.pushImage(repository, '1');
  return { digest, reference: `${acme.host}/${repository}@${digest}` };
};
const referrersOf = async (repository: string, digest: string) => {
  const answer = await acme.oci.request(`/v2/${repository}/referrers/${digest}`);
  return ((await answer.json()) as { manifests: { artifactType: string }[] }).manifests;
};

/** What the console is told of an image: whether a signature is attached, and the kinds of all its referrers. */
const shownOf = async (repository: string, digest: string) => {
  const { repository: shown } = await acme.alice.ask<{
    repository: { manifest: { hasSignature: boolean; referrers: { nodes: { kind: string }[] } } };
  }>(
    `query ($name: String!, $digest: String!) {
      repository(name: $name) { manifest(digest: $digest) { hasSignature referrers { nodes { kind } } } } }`,
    { name: repository, digest },
  );
  return [shown.manifest.hasSignature, shown.manifest.referrers.nodes.map(({ kind }) => kind).sort()];
};

beforeAll(async () => {
  [acme, work] = await Promise.all([startAcme(), openWorkplace()]);
  work.env['COSIGN_PASSWORD'] = 'of the key alone';
  await work.run('cosign', ['generate-key-pair']);
});
afterAll(async () => {
  await acme.stack.stop();
  await work.remove();
});

step('robot', 'a robot that may write signs, one that may only read verifies', async () => {
  const { reference } = await push('acme/by-robot');
  const [signer, verifier] = [await acme.createRobot('signer'), await acme.createRobot('verifier')];
  await acme.allow('acme+signer', 'acme/by-robot', 'WRITE');
  await acme.allow('acme+verifier', 'acme/by-robot', 'READ');
  await login(verifier);
  await expect(cosign('sign', ...signing, reference)).rejects.toThrow(/DENIED|denied|write/);
  await login(signer);
  await cosign('sign', ...signing, reference);
  await login(verifier);
  await cosign('verify', ...verifying, reference);
});

step('$app', 'an application token logs in', async () => {
  await login(await acme.createToken('signing'));
});

step('referrers', 'a signature and an attestation are referrers, and hold', async () => {
  const { digest, reference } = await push('acme/signed');
  await expect(cosign('verify', ...verifying, reference)).rejects.toThrow(/no signatures found/);
  expect(await shownOf('acme/signed', digest)).toEqual([false, []]);
  await cosign('sign', ...signing, reference);
  await cosign('verify', ...verifying, reference);
  expect(await shownOf('acme/signed', digest)).toEqual([true, ['SIGNATURE']]);
  await writeFile(path.join(work.folder, 'predicate.json'), '{"built": "here"}');
  await cosign('attest', ...signing, '--type', 'custom', '--predicate', 'predicate.json', reference);
  await cosign('verify-attestation', ...verifying, '--type', 'custom', reference);
  expect(await referrersOf('acme/signed', digest)).toMatchObject([
    { artifactType: bundleType },
    { artifactType: bundleType },
  ]);
  expect(await shownOf('acme/signed', digest)).toEqual([true, ['ATTESTATION', 'SIGNATURE']]);
});

test('a signature in the older form, under a tag, holds too', async () => {
  const { digest, reference } = await push('acme/older');
  await cosign('sign', ...signing, '--new-bundle-format=false', reference);
  await cosign('verify', ...verifying, '--new-bundle-format=false', reference);
  const tags = await acme.oci.request('/v2/acme/older/tags/list');
  expect(await tags.json()).toMatchObject({ tags: ['1', `${digest.replace(':', '-')}.sig`] });
  expect(await shownOf('acme/older', digest)).toEqual([true, ['SIGNATURE']]);
});

test('an attestation alone is no signature, in the new form and in the older one', async () => {
  await writeFile(path.join(work.folder, 'predicate.json'), '{"built": "here"}');
  for (const [repository, form] of [
    ['acme/attested', []],
    ['acme/attested-older', ['--new-bundle-format=false']],
  ] as const) {
    const { digest, reference } = await push(repository);
    const predicate = ['--type', 'custom', '--predicate', 'predicate.json'];
    await cosign('attest', ...signing, ...form, ...predicate, reference);
    expect(await shownOf(repository, digest)).toEqual([false, ['ATTESTATION']]);
  }
});

step('delete', 'what is cleaned away is a referrer no more, and the image stays', async () => {
  const { digest, reference } = await push('acme/cleaned');
  await cosign('sign', ...signing, reference);
  await cosign('clean', '--force', '--type', 'all', reference);
  expect(await referrersOf('acme/cleaned', digest)).toEqual([]);
  expect(await acme.oci.pullImage('acme/cleaned', '1')).toBe(digest);
});
