import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAcme, type Acme, type Credentials } from './acme.ts';
import type { Daemon } from './daemon.ts';
import { loadImage, startDockerEngine } from './docker-engine.ts';
import { ownStorage, skopeo } from './drivers/containers-image.ts';
import { makeLayout } from './material.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

interface LoginFile {
  readonly auths: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
}

let acme: Acme;
let work: Workplace;
let engine: Daemon;
let token: Credentials;
const docker = (...args: string[]) => work.attempt('docker', args);
const dockerLogin = (host: string) =>
  work.attempt('docker', ['login', '-u', token.username, '--password-stdin', host], { input: token.password });
const loginFile = () => path.join(work.folder, 'login/config.json');

beforeAll(async () => {
  [acme, work] = await Promise.all([startAcme(), openWorkplace()]);
  engine = await startDockerEngine(work);
  await makeLayout(work, [1]);
  await loadImage(work, 'escale-test');
  token = await acme.createToken('laptop');
  await skopeo.login(work, acme.host, token);
  await skopeo.push?.(work, `${acme.host}/acme/app:1`);
  await skopeo.logout?.(work, acme.host);
});
afterAll(async () => {
  await engine.stop();
  await acme.stack.stop();
  await work.remove();
});

describe('after docker login', () => {
  beforeAll(async () => {
    const { code, output } = await dockerLogin(acme.host);
    expect(code, output).toBe(0);
  });

  test('the login file holds the user name and the password, and no identity token', async () => {
    const { auths } = JSON.parse(await readFile(loginFile(), 'utf8')) as LoginFile;
    expect(Object.keys(auths[acme.host] ?? {})).toEqual(['auth']);
    const [username, password] = Buffer.from(auths[acme.host]?.auth ?? '', 'base64')
      .toString()
      .split(':');
    expect([username, password]).toEqual([token.username, token.password]);
  });

  test.each(['podman', 'buildah', 'skopeo'])('%s uses the same login file', async (tool) => {
    const known = ['login', '--get-login', '--authfile', loginFile(), acme.host];
    expect((await work.run(tool, known)).trim()).toBe('$app');
    const image = `docker://${acme.host}/acme/app:1`;
    if (tool === 'skopeo') await work.run(tool, ['inspect', '--tls-verify=false', '--authfile', loginFile(), image]);
    else
      await work.run(tool, [
        ...ownStorage(work),
        ...['pull', '-q', '--tls-verify=false', '--authfile', loginFile(), image],
      ]);
  });

  test('podman login signs in again without asking', async () => {
    await work.run('podman', ['login', '--tls-verify=false', '--authfile', loginFile(), acme.host]);
  });

  test('a push without a namespace is refused at once, with the place to push to', async () => {
    await docker('tag', 'escale-test', `${acme.host}/app`);
    const { code, output } = await docker('push', `${acme.host}/app`);
    expect(code).not.toBe(0);
    expect(output).toContain(`push to ${acme.host}/alice/app`);
    // The engine sends each layer on its own, and repeats what it takes for a passing fault.
    const begun = () => acme.answered().filter(({ path: asked }) => asked.startsWith('/v2/app/blobs/uploads'));
    await expect.poll(() => begun().length).toBeGreaterThan(0);
    expect(begun().map(({ status }) => status)).not.toContain(400);
    expect(begun().length).toBeLessThanOrEqual(5);
  });

  test('a push to an organization that does not exist says where to create it', async () => {
    await docker('tag', 'escale-test', `${acme.host}/nosuch/app`);
    const { code, output } = await docker('push', `${acme.host}/nosuch/app`);
    expect(code).not.toBe(0);
    expect(output).toContain(`there is no organization nosuch; create it at ${acme.stack.url}/new/organization`);
  });

  test('a pull without a namespace says that names have one', async () => {
    const { code, output } = await docker('pull', `${acme.host}/app`);
    expect(code).not.toBe(0);
    expect(output).toContain(`${acme.host}/alice/app`);
  });

  test('podman search and docker search take no page of the console for an answer', async () => {
    const found = await work.attempt('podman', [
      ...['search', '--tls-verify=false', '--authfile', loginFile()],
      `${acme.host}/acme`,
    ]);
    expect(found.output).not.toMatch(/invalid character|<!doctype/i);
    expect(found.code, found.output).toBe(0);
    expect(found.output).toContain(`${acme.host}/acme/app`);
    expect((await docker('search', `${acme.host}/acme`)).output).not.toMatch(/invalid character|<!doctype/i);
  });
});

test.each(['app', 'acme/app', 'nosuch/app'])('without a login docker push %s is refused at once', async (name) => {
  await docker('logout', acme.host);
  await docker('tag', 'escale-test', `${acme.host}/${name}:anonymous`);
  const before = acme.answered().length;
  const { code, output } = await docker('push', `${acme.host}/${name}:anonymous`);
  expect(code).not.toBe(0);
  expect(output).toContain('authentication required');
  expect(output).not.toContain('Retrying');
  await expect.poll(() => acme.answered().length).toBeGreaterThan(before);
});

test('docker logs in, pushes and pulls by another loopback name, whose realm is on itself', async () => {
  const host = `127.0.0.1:${String(acme.stack.port)}`;
  const { code, output } = await dockerLogin(host);
  expect(code, output).toBe(0);
  const image = `${host}/acme/app:2`;
  for (const act of [
    ['tag', 'escale-test', image],
    ['push', image],
    ['rmi', image],
    ['pull', image],
  ]) {
    const done = await docker(...act);
    expect(done.code, done.output).toBe(0);
  }
});

test('an application token under another user name is answered with the right one', async () => {
  const login = () =>
    work.attempt('docker', ['login', '-u', 'alice', '--password-stdin', acme.host], { input: token.password });
  for (let tries = 0; tries < 12; tries += 1)
    expect((await login()).output).toContain('the user name is $app, in single quotes');
  await writeFile(loginFile(), '{}');
  expect((await dockerLogin(acme.host)).code).toBe(0);
});
