import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAcme, type Acme } from './acme.ts';
import type { Daemon } from './daemon.ts';
import { buildah, podman, skopeo } from './drivers/containers-image.ts';
import { crane } from './drivers/crane.ts';
import { ctr } from './drivers/ctr.ts';
import { docker } from './drivers/docker.ts';
import { oras } from './drivers/oras.ts';
import { regctl } from './drivers/regctl.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

/** What each client makes of an answer (T27): to somebody without a right, and to nobody. */
const clients = [
  { client: docker, stranger: /not found|may not see it/, anonymous: /unauthorized/i },
  { client: podman, stranger: /may not see it/, anonymous: /unauthorized/i },
  { client: buildah, stranger: /may not see it/, anonymous: /unauthorized/i },
  { client: skopeo, stranger: /may not see it/, anonymous: /unauthorized/i },
  { client: ctr, stranger: /not found/, anonymous: /401 Unauthorized/ },
  { client: crane, stranger: /may not see it/, anonymous: /authentication required/ },
  { client: regctl, stranger: /not found/, anonymous: /unauthorized/ },
  { client: oras, stranger: /not found/, anonymous: /authentication required/ },
];

const nobody = { username: '', password: '' };

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
  await acme.oci.pushImage('acme/hidden', '1');
  await acme.oci.pushImage('acme/shared', '1');
});
afterAll(() => acme.stack.stop());

describe.each(clients)('$client.name', ({ client, ...words }) => {
  let work: Workplace;
  let daemon: Daemon | undefined;
  beforeAll(async () => {
    work = await openWorkplace();
    daemon = await client.start?.(work);
  });
  afterAll(async () => {
    await daemon?.stop();
    await work.remove();
  });
  /** What the client says when it pulls, without what differs from call to call. */
  const refusal = async (repository: string) => {
    const said = await client.pull(work, `${acme.host}/${repository}:1`).then(
      (digest) => `it pulled ${digest}`,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return said
      .replaceAll(repository, 'REPOSITORY')
      .replaceAll(/\d{4}[-/]\d\d[-/]\d\d[T ][\d:.]+Z?/g, 'TIME')
      .replaceAll(/^.*(?:resolving|elapsed).*$/gm, '');
  };

  test('signed in without a right: a private repository and a missing one look the same', async () => {
    const robot = await acme.createRobot(`stranger-${client.name.replaceAll(/\W+/g, '')}`);
    await client.login(work, acme.host, robot);
    const hidden = await refusal('acme/hidden');
    expect(hidden).toMatch(words.stranger);
    expect(await refusal('acme/absent')).toBe(hidden);
  });

  test('anonymous: a private repository and a missing one look the same, and say what to do', async () => {
    if (client.logout) await client.logout(work, acme.host);
    else await client.login(work, acme.host, nobody);
    const hidden = await refusal('acme/hidden');
    expect(hidden).toMatch(words.anonymous);
    expect(await refusal('acme/absent')).toBe(hidden);
  });
});
