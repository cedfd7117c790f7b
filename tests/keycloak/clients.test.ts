import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Daemon } from '../clients/daemon.ts';
import { skopeo } from '../clients/drivers/containers-image.ts';
import { docker } from '../clients/drivers/docker.ts';
import { makeLayout } from '../clients/material.ts';
import { openWorkplace, type Workplace } from '../clients/workplace.ts';
import { OciClient } from '../support/oci.ts';
import { signIn } from '../support/sign-in.ts';
import { openScene, tokensOf, type Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  for (const person of ['alice', 'bob']) await signIn(scene.stack, person);
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

describe.each([docker, skopeo])('$name, logged in with an access token of Keycloak', (client) => {
  let work: Workplace;
  let daemon: Daemon | undefined;
  beforeAll(async () => {
    work = await openWorkplace();
    await makeLayout(work, [1]);
    daemon = await client.start?.(work);
  });
  afterAll(async () => {
    await daemon?.stop();
    await work.remove();
  });
  const login = async (password: string) => client.login(work, scene.stack.host, { username: '$oauthtoken', password });
  const image = () => `${scene.stack.host}/alice/${client.name}:1`;

  test('pushes as that person, and pulls what it has pushed', async () => {
    const { access_token } = await tokensOf(scene, 'alice');
    const { code, output } = await login(access_token);
    expect([code, output]).toEqual([0, expect.stringContaining('Login Succeeded')]);
    await client.push?.(work, image());
    const digest = await client.pull(work, image());
    const alone = new OciClient(scene.stack.url, { username: '$oauthtoken', password: access_token });
    expect(await alone.pullImage(`alice/${client.name}`, '1')).toBe(digest);
  });

  test('may what that person may: somebody else does not get it', async () => {
    const { access_token } = await tokensOf(scene, 'bob');
    expect((await login(access_token)).code).toBe(0);
    await expect(client.pull(work, image())).rejects.toThrow(/not found|may not see it/);
  });

  test('is refused with an ID token in its place', async () => {
    const { id_token } = await tokensOf(scene, 'alice');
    const { code, output } = await login(id_token);
    expect(code).not.toBe(0);
    expect(output).toMatch(/is no access token|invalid username\/password/);
  });
});
