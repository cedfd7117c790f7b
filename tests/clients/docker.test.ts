import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artifact, startAcme, type Acme, type Credentials } from './acme.ts';
import type { Daemon } from './daemon.ts';
import { loadImage, startDockerEngine } from './docker-engine.ts';
import { greeting, makeLayout } from './material.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let work: Workplace;
let engine: Daemon;
const docker = (...args: string[]) => work.run('docker', args);
const shell = (line: string) => work.attempt('sh', ['-c', line]);
const pasteLogin = async (credentials: Credentials) => (await shell(artifact(credentials, 'DOCKER_LOGIN'))).output;

beforeAll(async () => {
  work = await openWorkplace();
  engine = await startDockerEngine(work);
  await makeLayout(work, [40, 40, 25]);
  await loadImage(work, 'escale-test');
});
afterAll(async () => {
  await engine.stop();
  await work.remove();
});

describe.each(['filesystem', 'azurite'] as const)('docker, layers in %s', (blobStore) => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme(blobStore);
  });
  afterAll(() => acme.stack.stop());

  const image = () => `${acme.host}/acme/app:1`;
  const remove = () => shell(`docker rmi -f ${image()}`);

  test('the pasted login line signs in; 105 MB in four layers go there and come back, and run', async () => {
    expect(await pasteLogin(await acme.createToken('laptop'))).toContain('Login Succeeded');
    await docker('tag', 'escale-test', image());
    await docker('push', image());
    const { repository } = await acme.alice.ask<{
      repository: { visibility: string; tags: { nodes: { name: string; size: number; pushedBy: string }[] } };
    }>('{ repository(name: "acme/app") { visibility tags { nodes { name size pushedBy } } } }');
    expect(repository.visibility).toBe('PRIVATE');
    expect(repository.tags.nodes).toMatchObject([{ name: '1', pushedBy: 'alice' }]);
    expect(repository.tags.nodes[0]?.size).toBeGreaterThan(100 * 1024 * 1024);
    await remove();
    await docker('pull', image());
    expect(await docker('run', '--rm', '--network', 'none', image())).toContain(greeting);
  });

  test('pushing what is there already sends nothing again', async () => {
    const { output } = await shell(`docker push ${image()}`);
    expect(output.match(/Layer already exists/g)).toHaveLength(4);
  });

  test('a robot with a read permission pulls, and is told what it lacks when it pushes', async () => {
    const robot = await acme.createRobot('puller');
    await acme.allow('acme+puller', 'acme/app', 'READ');
    expect(await pasteLogin(robot)).toContain('Login Succeeded');
    await remove();
    await docker('pull', image());
    const push = await shell(`docker tag escale-test ${acme.host}/acme/app:2 && docker push ${acme.host}/acme/app:2`);
    expect(push.code).not.toBe(0);
    expect(push.output).toMatch(/denied/);
  });

  test('a robot without a permission may not even see the repository', async () => {
    await pasteLogin(await acme.createRobot('stranger'));
    const { code, output } = await shell(`docker rmi -f ${image()}; docker pull ${image()}`);
    expect(code).not.toBe(0);
    expect(output).toMatch(/may not see it|denied|unauthorized|not found/);
  });

  test('whatever is no token of ours is refused with a message that says what to do', async () => {
    const login = async (username: string, password: string) =>
      (await work.attempt('docker', ['login', '-u', username, '--password-stdin', acme.host], { input: password }))
        .output;
    expect(await login('alice', acme.stack.demoPassword)).toMatch(/create an application token in the console/);
    expect(await login('$app', 'wrong')).toMatch(/not an application token/);
    const ending = await acme.createToken('short', new Date(Date.now() + 2000).toISOString());
    expect(await pasteLogin(ending)).toContain('Login Succeeded');
    await sleep(2500);
    expect(await pasteLogin(ending)).toMatch(/expired on .*create an application token/);
  });

  test('no secret has reached a log line, not even of the debug level', async () => {
    await pasteLogin(await acme.createToken('canary'));
    await expect.poll(() => acme.answered().some(({ path }) => path === '/v2/auth')).toBe(true);
    expect(acme.stack.logs()).not.toMatch(/esc_(?:app|rob)_[0-9A-Za-z]{22}_/);
  });
});
