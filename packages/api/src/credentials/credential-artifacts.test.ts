import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { credentialArtifacts, kubernetesName, shellQuoted, type CredentialArtifact } from './credential-artifacts.ts';

const server = 'registry.example.org:8443';
const app = { username: '$app', password: 'esc_app_x_y_z', server, title: 'My laptop (2026)' };
const robot = { username: 'acme+ci', password: 'it\'s $HOME `id` "quoted" \\', server, title: 'acme+ci' };

function artifact(login: typeof app, kind: string): CredentialArtifact {
  const found = credentialArtifacts(login).find((one) => one.kind === kind);
  if (!found) throw new Error(`there is no ${kind}`);
  return found;
}

/** What a real POSIX shell passes on to the command; each of the named commands prints its arguments and its input. */
function run(line: string): { args: string[]; input: string } {
  const show = 'show() { printf "%s\\n" "$@"; printf "%s" "=input="; if [ ! -t 0 ]; then cat; fi; }';
  const script = `${show}\ndocker() { show "$@"; }\npodman() { show "$@"; }\nhelm() { show "$@"; }\nkubectl() { show "$@"; }\n${line}\n`;
  const out = execFileSync('/bin/sh', ['-c', script], {
    encoding: 'utf8',
    input: '',
    env: { HOME: '/nowhere', PATH: '/usr/bin:/bin' },
  });
  const [shown = '', input = ''] = out.split('=input=');
  return { args: shown.split('\n').slice(0, -1), input };
}

test('there is one artifact of each kind, made for both tokens alike', () => {
  const kinds = (login: typeof app) =>
    credentialArtifacts(login)
      .map(({ kind }) => kind)
      .toSorted();
  expect(kinds(app)).toEqual([
    ...[
      'DOCKER_CONFIG',
      'DOCKER_LOGIN',
      'GITHUB_ACTIONS',
      'GITLAB_CI',
      'HELM_LOGIN',
      'KUBERNETES_SECRET',
      'PODMAN_LOGIN',
    ],
  ]);
  expect(kinds(robot)).toEqual(kinds(app));
});

describe('lines for a shell', () => {
  test('docker login is written as people know it', () => {
    expect(artifact(app, 'DOCKER_LOGIN').content).toBe(`docker login -u='$app' -p='esc_app_x_y_z' ${server}`);
  });

  test.each([
    ['DOCKER_LOGIN', app],
    ['DOCKER_LOGIN', robot],
    ['PODMAN_LOGIN', app],
    ['PODMAN_LOGIN', robot],
  ])('%s reaches the command as it is meant, `$app` included', (kind, login) => {
    expect(run(artifact(login, kind).content).args).toEqual([
      'login',
      `-u=${login.username}`,
      `-p=${login.password}`,
      server,
    ]);
  });

  test.each([app, robot])('helm too', (login) => {
    const { args } = run(artifact(login, 'HELM_LOGIN').content);
    expect(args).toEqual(['registry', 'login', '-u', login.username, '-p', login.password, server]);
  });

  test.each([app, robot])('the way that keeps the password out of the list of processes', (login) => {
    const { args, input } = run(artifact(login, 'DOCKER_LOGIN').commands[1] ?? '');
    expect(args).toEqual(['login', '-u', login.username, '--password-stdin', server]);
    expect(input).toBe(login.password);
  });

  test.each(['', "'", "''", '$(id)', '`id`', '\\', '"', 'a\nb', '!!', '*'])('the text %j is quoted', (text) => {
    const out = execFileSync('/bin/sh', ['-c', `printf '%s' ${shellQuoted(text)}`], { encoding: 'utf8' });
    expect(out).toBe(text);
  });
});

describe('files', () => {
  const auths = (login: typeof app) => ({
    auths: { [server]: { auth: Buffer.from(`${login.username}:${login.password}`).toString('base64'), email: '' } },
  });

  test.each([app, robot])('the docker configuration holds the login', (login) => {
    expect(JSON.parse(artifact(login, 'DOCKER_CONFIG').content)).toEqual(auths(login));
  });

  test('are named after the title, with what is neither letter nor digit replaced', () => {
    expect(artifact(robot, 'DOCKER_CONFIG').filename).toBe('acme-ci-auth.json');
    expect(artifact(robot, 'DOCKER_CONFIG').commands).toEqual(['mv acme-ci-auth.json ~/.docker/config.json']);
    expect(artifact(robot, 'KUBERNETES_SECRET').filename).toBe('acme-ci-secret.yml');
    expect(artifact(app, 'KUBERNETES_SECRET').filename).toBe('my-laptop-2026-secret.yml');
  });

  test.each([app, robot])('the Kubernetes secret is one, and holds the docker configuration', (login) => {
    const { content, commands } = artifact(login, 'KUBERNETES_SECRET');
    const secret = parse(content) as { metadata: { name: string }; data: Record<string, string> };
    expect(secret).toMatchObject({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson' });
    const held = Buffer.from(secret.data['.dockerconfigjson'] ?? '', 'base64').toString();
    expect(JSON.parse(held)).toEqual(auths(login));
    expect(commands[0]).toBe(
      `kubectl create -f ${artifact(login, 'KUBERNETES_SECRET').filename ?? ''} --namespace=NAMESPACEHERE`,
    );
    expect(parse(commands[1] ?? '')).toMatchObject({
      kind: 'Pod',
      spec: {
        containers: [{ image: expect.stringMatching(`^${server}/`) as string }],
        imagePullSecrets: [{ name: secret.metadata.name }],
      },
    });
    const { args } = run(commands[2] ?? '');
    expect(JSON.parse(args[args.indexOf('-p') + 1] ?? '')).toEqual({
      imagePullSecrets: [{ name: secret.metadata.name }],
    });
  });

  test.each([app, robot])('the pipelines parse and do not hold the token', (login) => {
    const github = artifact(login, 'GITHUB_ACTIONS').content;
    expect(parse(github)).toMatchObject([{ with: { registry: server, username: login.username } }]);
    const gitlab = artifact(login, 'GITLAB_CI').content;
    const { before_script: script } = parse(gitlab) as { before_script: string[] };
    const { args, input } = run(`ESCALE_TOKEN='from the variable'\n${script[0] ?? ''}`);
    expect(args).toEqual(['login', '-u', login.username, '--password-stdin', server]);
    expect(input).toBe('from the variable');
    for (const text of [github, gitlab]) expect(text).not.toContain(login.password);
  });
});

describe('a Kubernetes name', () => {
  test.each([
    'laptop',
    'My Laptop',
    'acme+ci',
    '  --  ',
    '日本語',
    'Ünïcode Tøken',
    'x'.repeat(300),
    `${'x'.repeat(50)}-${'y'.repeat(50)}`,
    '123',
    '.',
    '',
    '-a-',
    'a/b\n kind: Pod',
  ])('of %j is valid', (title) => {
    for (const suffix of ['', '-pull-secret']) {
      const name = kubernetesName(title, suffix);
      expect(name).toMatch(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/);
      expect(name.length).toBeLessThanOrEqual(63);
      expect(name.endsWith(suffix)).toBe(true);
    }
  });
});
