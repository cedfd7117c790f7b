import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { digestOf, imageOf, ociManifest } from '../testing/registry-client.ts';
import { codeOf, openAcme, type AcmeScene } from '../testing/acme-scene.ts';

let acme: AcmeScene;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
});
afterAll(() => acme.close());

const digest = digestOf('nothing here');
const upload = '00000000-0000-4000-8000-000000000000';
const inside = [
  ['DELETE', 'manifests/v1'],
  ['DELETE', `manifests/${digest}`],
  ['DELETE', `blobs/${digest}`],
  ['GET', `blobs/uploads/${upload}`],
  ['PATCH', `blobs/uploads/${upload}`],
  ['PUT', `blobs/uploads/${upload}?digest=${digest}`],
  ['DELETE', `blobs/uploads/${upload}`],
] as const;

async function bearer(as: string, name: string): Promise<string> {
  const answer = await acme.send('GET', `/v2/auth?scope=repository:${name}:pull,push,delete`, { as });
  return `Bearer ${((await answer.json()) as { token: string }).token}`;
}

test.each(inside)('%s %s in a repository that does not exist is 404 to who could create it', async (method, path) => {
  for (const as of [acme.writer, await bearer(acme.writer, 'acme/none')]) {
    const answer = await acme.send(method, `/v2/acme/none/${path}`, { as });
    expect([answer.status, await codeOf(answer)]).toEqual([404, 'NAME_UNKNOWN']);
  }
  const listed = await acme.send('GET', '/v2/acme/none/tags/list', { as: acme.writer });
  expect(listed.status).toBe(404);
});

test.each(inside)('%s %s says the same of a private and of a missing repository to others', async (method, path) => {
  await acme.pushBlob('acme/shut', 'secret');
  const said = async (name: string) => {
    const answer = await acme.send(method, `/v2/${name}/${path}`, { as: acme.outsider });
    return [answer.status, (await answer.text()).replaceAll(name, 'NAME')];
  };
  const [status, body] = await said('acme/none');
  expect(await said('acme/shut')).toEqual([status, body]);
  expect(status).toBe(404);
  expect(body).not.toMatch(/create|creating/);
});

test.each([
  ['POST', 'blobs/uploads/', undefined],
  ['POST', `blobs/uploads/?mount=${digest}`, undefined],
  ['PUT', 'manifests/v1', imageOf([])],
] as const)('%s %s says that the caller may not create the repository', async (method, path, body) => {
  const answer = await acme.send(method, `/v2/acme/none/${path}`, {
    as: acme.outsider,
    ...(body !== undefined && { body, headers: { 'Content-Type': ociManifest } }),
  });
  expect(answer.status).toBe(403);
  expect(await answer.text()).toContain('creating one in acme needs');
});
