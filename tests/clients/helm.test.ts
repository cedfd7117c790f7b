import { readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { artifact, startAcme, type Acme, type Credentials } from './acme.ts';
import { stepsOf } from './step.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const step = stepsOf({ name: 'helm', version: ['helm', 'version', '--short'] });
let acme: Acme;
let work: Workplace;
let token: Credentials;
const helm = (...args: string[]) => work.run('helm', [...args, '--plain-http']);
const charts = () => `oci://${acme.host}/acme/charts`;

/** Makes a chart and its package in the workplace. */
async function packageChart(version: string): Promise<void> {
  await writeFile(
    path.join(work.folder, 'chart/Chart.yaml'),
    `apiVersion: v2\nname: chart\nversion: ${version}\ndescription: built from ${version}\n`,
  );
  await work.run('helm', ['package', 'chart']);
}

beforeAll(async () => {
  [acme, work] = await Promise.all([startAcme(), openWorkplace()]);
  token = await acme.createToken('charts');
  await work.run('helm', ['create', 'chart']);
});
afterAll(async () => {
  await acme.stack.stop();
  await work.remove();
});

step('$app', 'the pasted login line signs in', async () => {
  const line = `${artifact(token, 'HELM_LOGIN')} --plain-http`;
  expect((await work.attempt('sh', ['-c', line])).output).toContain('Login Succeeded');
});

step(
  'push',
  'charts whose versions have a build number are pushed under tags that have none of their plus signs',
  async () => {
    for (const version of ['1.2.3+build.7', '1.3.0', '2.0.0-rc.1+build.8']) {
      await packageChart(version);
      await helm('push', `chart-${version}.tgz`, charts());
    }
    const answer = await acme.oci.request('/v2/acme/charts/chart/tags/list');
    expect(await answer.json()).toMatchObject({ tags: ['1.2.3_build.7', '1.3.0', '2.0.0-rc.1_build.8'] });
  },
);

step('tag', 'pulls by version and by range, and has the version with its plus sign back', async () => {
  await rename(path.join(work.folder, 'chart-1.2.3+build.7.tgz'), path.join(work.folder, 'pushed.tgz'));
  await helm('pull', `${charts()}/chart`, '--version', '1.2.3+build.7');
  expect(await readdir(work.folder)).toContain('chart-1.2.3+build.7.tgz');
  await work.run('cmp', ['pushed.tgz', 'chart-1.2.3+build.7.tgz']);
  expect(await helm('show', 'chart', `${charts()}/chart`, '--version', '~1.2.0')).toContain('built from 1.2.3+build.7');
  expect(await helm('show', 'chart', `${charts()}/chart`)).toContain('built from 1.3.0');
});

step('digest', 'pulls by digest', async () => {
  const answer = await acme.oci.request('/v2/acme/charts/chart/manifests/1.3.0', { method: 'HEAD' });
  const digest = String(answer.headers.get('docker-content-digest'));
  expect(await helm('show', 'chart', `${charts()}/chart@${digest}`)).toContain('built from 1.3.0');
});

step('robot', 'a robot that may read renders a chart, and may not push one', async () => {
  const robot = await acme.createRobot('deployer');
  await acme.allow('acme+deployer', 'acme/charts/chart', 'READ');
  await work.run('sh', ['-c', `${artifact(robot, 'HELM_LOGIN')} --plain-http`]);
  expect(await helm('template', 'release', `${charts()}/chart`)).toContain('kind: Deployment');
  await packageChart('1.4.0');
  await expect(helm('push', 'chart-1.4.0.tgz', charts())).rejects.toThrow(/denied|write/i);
});

step('logout', 'after that a private chart is refused', async () => {
  await work.run('helm', ['registry', 'logout', acme.host]);
  await expect(helm('show', 'chart', `${charts()}/chart`)).rejects.toThrow(/401.*authentication required/);
});
