import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { buildImage, greeting } from './base-image.ts';
import { startDockerEngine, type DockerEngine } from './docker-engine.ts';

interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly artifacts: readonly { readonly kind: string; readonly content: string }[];
}

const pasteable = 'credentials { username password artifacts { kind content } }';
const lineOf = ({ artifacts }: Credentials) => artifacts.find(({ kind }) => kind === 'DOCKER_LOGIN')?.content ?? '';

let engine: DockerEngine;
beforeAll(async () => {
  engine = await startDockerEngine();
  await buildImage(engine, 'escale-test', [40, 40, 25]);
});
afterAll(() => engine.stop());

describe.each(['filesystem', 'azurite'] as const)('docker, layers in %s', (blobStore) => {
  let stack: Stack;
  let alice: SignedIn;
  beforeAll(async () => {
    stack = await startStack({ blobStore });
    alice = await signIn(stack, 'alice');
    await alice.ask('mutation { createOrganization(input: { name: "acme" }) { organization { name } } }');
  });
  afterAll(() => stack.stop());

  const createToken = async (title: string, expiresAt?: string) => {
    const { createApplicationToken } = await alice.ask<{ createApplicationToken: { credentials: Credentials } }>(
      `mutation ($input: CreateApplicationTokenInput!) { createApplicationToken(input: $input) { ${pasteable} } }`,
      { input: { title, expiresAt } },
    );
    return createApplicationToken.credentials;
  };
  const createRobot = async (name: string) => {
    const { createRobot: made } = await alice.ask<{ createRobot: { credentials: Credentials } }>(
      `mutation ($input: CreateRobotInput!) { createRobot(input: $input) { ${pasteable} } }`,
      { input: { namespace: 'acme', name } },
    );
    return made.credentials;
  };
  const image = () => `${stack.host}/acme/app:1`;
  const remove = () => engine.shell(`docker rmi -f ${image()}`);

  test('the pasted login line signs in; 105 MB in four layers go there and come back, and run', async () => {
    const login = engine.shell(lineOf(await createToken('laptop')));
    expect(login.output).toContain('Login Succeeded');
    engine.docker('tag', 'escale-test', image());
    engine.docker('push', image());
    const { repository } = await alice.ask<{
      repository: { visibility: string; tags: { nodes: { name: string; size: number; pushedBy: string }[] } };
    }>('{ repository(name: "acme/app") { visibility tags { nodes { name size pushedBy } } } }');
    expect(repository.visibility).toBe('PRIVATE');
    expect(repository.tags.nodes).toMatchObject([{ name: '1', pushedBy: 'alice' }]);
    expect(repository.tags.nodes[0]?.size).toBeGreaterThan(100 * 1024 * 1024);
    remove();
    engine.docker('pull', image());
    expect(engine.docker('run', '--rm', '--network', 'none', image())).toContain(greeting);
  });

  test('pushing what is there already sends nothing again', () => {
    const { output } = engine.shell(`docker push ${image()}`);
    expect(output.match(/Layer already exists/g)).toHaveLength(4);
  });

  test('a robot with a read permission pulls, and is told what it lacks when it pushes', async () => {
    const robot = await createRobot('puller');
    await alice.ask(
      'mutation ($input: SetRepositoryPermissionInput!) { setRepositoryPermission(input: $input) { permission { role } } }',
      {
        input: { repository: 'acme/app', grantee: { robot: 'acme+puller' }, role: 'READ' },
      },
    );
    expect(engine.shell(lineOf(robot)).output).toContain('Login Succeeded');
    remove();
    engine.docker('pull', image());
    const push = engine.shell(
      `docker tag escale-test ${stack.host}/acme/app:2 && docker push ${stack.host}/acme/app:2`,
    );
    expect(push.code).not.toBe(0);
    expect(push.output).toMatch(/denied/);
  });

  test('a robot without a permission may not even see the repository', async () => {
    engine.shell(lineOf(await createRobot('stranger')));
    const { code, output } = engine.shell(`docker rmi -f ${image()}; docker pull ${image()}`);
    expect(code).not.toBe(0);
    expect(output).toMatch(/may not see it|denied|unauthorized|not found/);
  });

  test('whatever is no token of ours is refused with a message that says what to do', async () => {
    const login = (username: string, password: string) =>
      engine.shell(`printf '%s' '${password}' | docker login -u '${username}' --password-stdin ${stack.host}`);
    expect(login('alice', stack.demoPassword).output).toMatch(/create an application token in the console/);
    expect(login('$app', 'wrong').output).toMatch(/not an application token/);
    const ending = await createToken('short', new Date(Date.now() + 2000).toISOString());
    expect(engine.shell(lineOf(ending)).output).toContain('Login Succeeded');
    await sleep(2500);
    expect(engine.shell(lineOf(ending)).output).toMatch(/expired on .*create an application token/);
  });

  test('no secret has reached a log line', async () => {
    const { password } = await createToken('canary');
    engine.shell(`printf '%s' '${password}' | docker login -u '$app' --password-stdin ${stack.host}`);
    expect(stack.logs()).not.toMatch(/esc_(?:app|rob)_[0-9A-Za-z]{22}_/);
  });
});
