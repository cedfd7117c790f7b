import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applicationToken } from '../support/application-token.ts';
import { processTree } from '../bench/processes.ts';
import { OciClient } from '../support/oci.ts';
import { signIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

let stack: Stack;
let login: { username: string; password: string };

async function scrape(): Promise<Sample[]> {
  const answer = await fetch(`http://127.0.0.1:${String(stack.port + 1)}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('text/plain');
  return (await answer.text()).split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** The sum over all samples of this name that have these labels. */
async function number(name: string, labels: Record<string, string> = {}): Promise<number> {
  return (await scrape())
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, text]) => sample.labels[key] === text))
    .reduce((sum, { value }) => sum + value, 0);
}

const answered = (room: string, status: string) => number('escale_http_requests_total', { room, status });

function workers(): number[] {
  return processTree(stack.pid).filter(
    (pid) => pid !== stack.pid && readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('main.js'),
  );
}

/** On a connection of its own: those go to the workers in turn. */
function askAlone(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request(`${stack.url}${path}`, { agent: false }, (answer) => answer.resume().once('end', resolve))
      .once('error', reject)
      .end();
  });
}

describe.each([1, 2])('with %i processes', (count) => {
  beforeAll(async () => {
    stack = await startStack({ environment: { ESCALE_WORKERS: String(count) } });
    const alice = await signIn(stack, 'alice');
    login = await applicationToken(alice, 'laptop');
    const client = new OciClient(stack.url, login);
    await client.pushImage('alice/hidden-project', 'release-7');
    for (let pull = 0; pull < 3; pull += 1) await client.pullImage('alice/hidden-project', 'release-7');
    const wrong = Buffer.from('mallory:guess').toString('base64');
    const refused = await fetch(`${stack.url}/v2/`, { headers: { Authorization: `Basic ${wrong}` } });
    expect(refused.status).toBe(401);
    await fetch(`${stack.url}/health/live`);
  });
  afterAll(() => stack.stop());

  test('a push, pulls and a failed login are there, and true', async () => {
    expect(await number('escale_manifest_pushes_total')).toBe(1);
    expect(await number('escale_manifest_pulls_total')).toBe(3);
    expect(await number('escale_blob_uploads_total')).toBe(3);
    expect(await number('escale_login_failures_total')).toBe(1);
    // One manifest and three blobs, three times, and nothing else with 200 but tokens.
    const gets = { room: 'registry', method: 'GET', status: '200' };
    expect(await number('escale_http_requests_total', gets)).toBeGreaterThanOrEqual(12);
    expect(await answered('registry', '201')).toBe(4);
    expect(await answered('api', '200')).toBeGreaterThan(0);
    expect(await answered('health', '200')).toBeGreaterThan(0);
    expect(await number('escale_http_requests_total', { room: 'identity-provider' })).toBeGreaterThan(0);
    const all = await scrape();
    for (const room of ['registry', 'api'])
      expect(
        all.find(
          ({ name, labels }) =>
            name === 'escale_http_request_duration_seconds_bucket' && labels['room'] === room && labels['le'] === '900',
        )?.value,
      ).toBeGreaterThan(0);
    const connections = { busy: 0, idle: 0, waiting: 0 };
    for (const state of Object.keys(connections))
      expect(
        all.filter(({ name, labels }) => name === 'escale_database_connections' && labels['state'] === state),
      ).toHaveLength(1);
    expect(await number('escale_database_connections')).toBeGreaterThan(0);
    expect(await number('escale_build_info')).toBe(1);
    expect(await number('escale_process_start_time_seconds')).toBeGreaterThan(1.7e9);
    expect(await number('escale_process_start_time_seconds')).toBeLessThan(Date.now() / 1000);
  });

  test('no label holds a name, and none is made of what a client says (T48)', async () => {
    await fetch(`${stack.url}/v2/alice/hidden-project/manifests/release-7`, { method: 'PROPFIND' });
    await expect.poll(() => number('escale_http_requests_total', { method: 'other' })).toBe(1);
    const ours = (await scrape()).filter(({ name }) => !/^escale_(?:nodejs|process)_/.test(name));
    const texts = (key: string) => [...new Set(ours.flatMap(({ labels }) => labels[key] ?? []))].sort();
    expect([...new Set(ours.flatMap(({ labels }) => Object.keys(labels)))].sort()).toEqual([
      'job',
      'le',
      'method',
      'result',
      'room',
      'state',
      'status',
      'version',
    ]);
    for (const room of texts('room')) expect(room).toMatch(/^(?:registry|api|console|health|identity-provider)$/);
    for (const method of texts('method')) expect(method).toMatch(/^(?:GET|HEAD|POST|PUT|PATCH|other)$/);
    for (const status of texts('status')) expect(status).toMatch(/^(?:[1-5]\d\d|cut)$/);
    for (const job of texts('job')) expect(job).toMatch(/^[a-z-]+$/);
    const text = JSON.stringify((await scrape()).map(({ labels }) => labels));
    const names = ['alice', 'hidden', 'release-7', 'laptop', 'mallory', 'sha256', '127.0.0.1', stack.demoPassword];
    expect(names.filter((name) => text.includes(name))).toEqual([]);
  });

  test('a client that goes away before its answer begins is counted as that', async () => {
    await new Promise<void>((resolve) => {
      const push = request(`${stack.url}/v2/alice/hidden-project/manifests/2`, {
        method: 'PUT',
        auth: `${login.username}:${login.password}`,
        headers: { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json', 'Content-Length': 1000 },
      });
      push.once('error', () => {
        resolve();
      });
      push.write('{', () => setTimeout(() => push.destroy(), 300));
    });
    await expect.poll(() => number('escale_http_requests_total', { method: 'PUT', status: 'cut' })).toBe(1);
  });

  test('what nothing has happened to is zero, so that its first increase is seen', async () => {
    const all = await scrape();
    for (const [name, labels] of [
      ['escale_garbage_bytes_freed_total', {}],
      ['escale_garbage_runs_total', { result: 'failed' }],
      ['escale_jobs_failed_total', { job: 'collect-garbage' }],
    ] as const)
      expect(all).toContainEqual({ name, labels, value: 0 });
  });

  test('they are not for the public', async () => {
    const answer = await fetch(`${stack.url}/metrics`);
    expect(await answer.text()).not.toContain('escale_http_requests_total');
  });
});

test('with a worker that hangs the page comes within a second; after its end what it had counted stays', async () => {
  stack = await startStack({ environment: { ESCALE_WORKERS: '2' } });
  try {
    for (let asked = 0; asked < 8; asked += 1) await askAlone('/health/live');
    await expect.poll(() => answered('health', '200')).toBeGreaterThanOrEqual(8);
    const before = await answered('health', '200');
    const [hanging = 0] = workers();
    process.kill(hanging, 'SIGSTOP');
    for (let scrapes = 0; scrapes < 2; scrapes += 1) {
      const begun = performance.now();
      expect(await answered('health', '200')).toBe(before);
      expect(performance.now() - begun).toBeLessThan(1000);
    }
    process.kill(hanging, 'SIGKILL');
    await expect.poll(() => workers().filter((pid) => pid !== hanging).length).toBe(2);
    expect(await answered('health', '200')).toBe(before);
    await sleep(100);
    expect(await answered('health', '200')).toBe(before);
  } finally {
    await stack.stop();
  }
});
