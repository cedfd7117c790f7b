import { afterAll, beforeAll, expect, test } from 'vitest';
import { signIn } from '../support/sign-in.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

test('a script signs in as a person does, and is asked to confirm the name', async () => {
  const alice = await signIn(scene.stack, 'alice', { confirm: false });
  expect(alice.landedOn.pathname).toBe('/welcome');
  const { viewer } = await alice.ask<{ viewer: { username: string } }>('{ viewer { username } }');
  expect(viewer.username).toBe('alice');
});

test.each([
  ['admin', true],
  ['bob', false],
])('the administrators’ group makes administrators: %s %s', async (username, isAdministrator) => {
  const person = await signIn(scene.stack, username, { confirm: false });
  expect(await person.ask('{ viewer { isAdministrator } }')).toEqual({ viewer: { isAdministrator } });
});
