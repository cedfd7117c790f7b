// `npm run bench`: this product beside distribution v3, in turns, on one machine in one run.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startAzurite } from '@escale/cli/embedded';
import { freePortPair, startStack, type Stack } from '../support/stack.ts';
import { signIn } from '../support/sign-in.ts';
import { digestOf, expectStatus, manifestOf, manifestType, pushBlob } from './image.ts';
import type { Load, LoadResult, Target } from './load.ts';
import { installDistribution, startDistribution, type AzureAccount } from './peer.ts';
import { processorSeconds, residentMegabytes } from './processes.ts';
import { printTable, type Measured } from './report.ts';
import { Wire } from './wire.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const milliseconds = Number(flags.seconds) * 1000;

/** One of the two that are compared, with what the loads need to know of it. */
interface Contestant {
  readonly name: 'escale' | 'distribution';
  readonly port: number;
  readonly pid: number;
  /** Header lines that get a caller into these repositories; each ends with a line break. */
  headersFor(repositories: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** A kind of measurement: its loads differ by contestant in headers alone. */
interface Cell {
  readonly name: string;
  readonly unit: 'requests/s' | 'MB/s' | 'images/s';
  /** What the contract asks for, as a ratio to distribution. */
  readonly target: number;
  readonly connections: number;
  work(contestant: Contestant): Promise<Load['work']>;
}

const readRepositories = Array.from({ length: 20 }, (_, index) => `acme/read-${String(index)}`);
const pushRepositories = Array.from({ length: 8 }, (_, index) => `acme/push-${String(index)}`);
const tags = ['1', '2', '3', '4', '5'];

/** The same images everywhere; their manifests' digests are known before they are pushed. */
const images = tags.map((tag) => {
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Labels: { tag } } }));
  const layers = [1, 2, 3].map((part) => Buffer.from(`layer ${String(part)} of ${tag}`));
  const manifest = Buffer.from(manifestOf(config, layers));
  return { tag, blobs: [config, ...layers], manifest, digest: digestOf(manifest) };
});
const megabyte = 1024 * 1024;
const largeBlobs = { small: randomBytes(megabyte), large: randomBytes(100 * megabyte) };

async function prepare(contestant: Contestant): Promise<void> {
  const wire = new Wire(contestant.port);
  const headers = await contestant.headersFor(readRepositories);
  for (const repository of readRepositories) {
    const as = headers.get(repository) ?? '';
    for (const { tag, blobs, manifest } of images) {
      for (const blob of blobs) await pushBlob(wire, `/v2/${repository}`, as, blob);
      const type = `Content-Type: ${manifestType}\r\n`;
      expectStatus(await wire.send('PUT', `/v2/${repository}/manifests/${tag}`, as + type, manifest), 201);
    }
  }
  const as = headers.get(readRepositories[0] ?? '') ?? '';
  for (const blob of Object.values(largeBlobs)) await pushBlob(wire, `/v2/${readRepositories[0] ?? ''}`, as, blob);
  wire.close();
}

const readManifests = (method: 'GET' | 'HEAD', by: 'tag' | 'digest', connections: number): Cell => ({
  name: `manifest ${method} by ${by}`,
  unit: 'requests/s',
  target: 1,
  connections,
  work: async (contestant) => {
    const headers = await contestant.headersFor(readRepositories);
    const accept = `Accept: ${manifestType}\r\n`;
    const targets = readRepositories.flatMap((repository) =>
      images.map((image): Target => ({
        path: `/v2/${repository}/manifests/${image[by]}`,
        headers: (headers.get(repository) ?? '') + accept,
      })),
    );
    return { kind: 'read', method, targets };
  },
});

const readBlob = (size: keyof typeof largeBlobs, connections: number): Cell => ({
  name: `blob GET ${size === 'small' ? '1 MiB' : '100 MiB'}`,
  unit: 'MB/s',
  target: 0.8,
  connections,
  work: async (contestant) => {
    const repository = readRepositories[0] ?? '';
    const headers = (await contestant.headersFor([repository])).get(repository) ?? '';
    return {
      kind: 'read',
      method: 'GET',
      targets: [{ path: `/v2/${repository}/blobs/${digestOf(largeBlobs[size])}`, headers }],
    };
  },
});

const push = (
  name: string,
  layerBytes: number,
  connections: number,
  target: number,
  unit: Cell['unit'] = 'images/s',
): Cell => ({
  name,
  unit,
  target,
  connections,
  work: async (contestant) => {
    const headers = await contestant.headersFor(pushRepositories);
    const targets = pushRepositories.map((repository) => ({
      path: `/v2/${repository}`,
      headers: headers.get(repository) ?? '',
    }));
    return { kind: 'push', layerBytes, targets };
  },
});

const onDisk: readonly Cell[] = [
  ...(['GET', 'HEAD'] as const).flatMap((method) =>
    (['tag', 'digest'] as const).flatMap((by) => [8, 32].map((connections) => readManifests(method, by, connections))),
  ),
  readBlob('small', 8),
  readBlob('large', 2),
  push('push 1 KiB image', 1024, 1, 1.5),
  push('push 1 KiB image', 1024, 8, 1.5),
];
const onAzurite: readonly Cell[] = [
  push('push 1 KiB image, Azurite', 1024, 8, 1.3),
  push('push 10 MiB layer, Azurite', 10 * megabyte, 2, 1.3, 'MB/s'),
];

async function escale(stack: Stack): Promise<Contestant> {
  const alice = await signIn(stack, 'alice');
  await alice.ask(
    'mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { name } } }',
    {
      input: { name: 'acme' },
    },
  );
  const made = await alice.ask<{ createApplicationToken: { credentials: { password: string } } }>(
    'mutation ($input: CreateApplicationTokenInput!) { createApplicationToken(input: $input) { credentials { password } } }',
    { input: { title: 'benchmark' } },
  );
  const basic = Buffer.from(`$app:${made.createApplicationToken.credentials.password}`).toString('base64');
  return {
    name: 'escale',
    port: stack.port,
    pid: stack.pid,
    headersFor: async (repositories) => {
      const headers = new Map<string, string>();
      for (const repository of repositories) {
        const scope = `repository:${repository}:pull,push`;
        const answer = await fetch(`${stack.url}/v2/auth?scope=${scope}`, {
          headers: { Authorization: `Basic ${basic}` },
        });
        const { token } = (await answer.json()) as { token: string };
        headers.set(repository, `Authorization: Bearer ${token}\r\n`);
      }
      return headers;
    },
  };
}

/** Runs a load in a process of its own. */
function runLoad(load: Load): Promise<LoadResult> {
  const child = fork(path.join(import.meta.dirname, 'load.ts'), { execArgv: [] });
  return new Promise((resolve, reject) => {
    child.once('message', (message: { result?: LoadResult; error?: string }) => {
      if (message.result) resolve(message.result);
      else reject(new Error(message.error));
    });
    child.once('exit', (code) => {
      if (code !== 0) reject(new Error('the load ended'));
    });
    child.send(load);
  });
}

async function measure(cell: Cell, contestant: Contestant): Promise<Measured> {
  const work = await cell.work(contestant);
  const load = { port: contestant.port, connections: cell.connections, work };
  // Plans, pages and compiled code: the first moment belongs to nobody.
  await runLoad({ ...load, milliseconds: Math.min(700, milliseconds) });
  const before = processorSeconds(contestant.pid);
  const { count, bytes, seconds, median: half, p99 } = await runLoad({ ...load, milliseconds });
  const used = processorSeconds(contestant.pid) - before;
  const rate = cell.unit === 'MB/s' ? bytes / seconds / 1e6 : count / seconds;
  return { rate, half, p99, microseconds: (used / count) * 1e6 };
}

async function compare(cells: readonly Cell[], ours: Contestant, theirs: Contestant): Promise<void> {
  for (const cell of cells) {
    const found: Record<Contestant['name'], Measured[]> = { escale: [], distribution: [] };
    for (let round = 0; round < rounds; round += 1) {
      const order = round % 2 === 0 ? [ours, theirs] : [theirs, ours];
      for (const contestant of order) found[contestant.name].push(await measure(cell, contestant));
    }
    printTable.row(cell, found.escale, found.distribution);
  }
}

const wanted = (cells: readonly Cell[]) =>
  cells.filter(({ name, connections }) => `${name} ${String(connections)}`.includes(flags.only));

const version = await installDistribution();
const data = await mkdtemp(path.join(tmpdir(), 'escale-bench-'));
const ended: (() => Promise<void>)[] = [];
try {
  printTable.head(version, cpus().length, { rounds, seconds: milliseconds / 1000 });
  const disk = wanted(onDisk);
  if (disk.length > 0) {
    const begun = performance.now();
    const stack = await startStack({ quiet: true });
    ended.push(() => stack.stop());
    const firstStart = (performance.now() - begun) / 1000;
    await stack.halt();
    const again = performance.now();
    await stack.restart();
    const nextStart = (performance.now() - again) / 1000;
    await sleep(3000);
    const peer = await startDistribution(data, await freePortPair());
    ended.push(() => peer.stop());
    const ours = await escale(stack);
    const theirs: Contestant = {
      name: 'distribution',
      port: peer.port,
      pid: peer.pid,
      headersFor: async (repositories) => new Map(repositories.map((repository) => [repository, ''])),
    };
    const rest = [residentMegabytes(stack.pid), residentMegabytes(peer.pid)];
    await prepare(ours);
    await prepare(theirs);
    await compare(disk, ours, theirs);
    printTable.facts([
      ['first start to ready, s', firstStart],
      ['next start to ready, s', nextStart],
      ['memory at rest, MB (distribution)', rest[0] ?? 0, rest[1] ?? 0],
      ['memory after the run, MB (distribution)', residentMegabytes(stack.pid), residentMegabytes(peer.pid)],
    ]);
    await peer.stop();
    await stack.stop();
    ended.length = 0;
  }
  const azure = wanted(onAzurite);
  if (azure.length > 0) {
    const azurite = await startAzurite({ folder: path.join(data, 'azurite') });
    ended.push(() => azurite.stop());
    const account = accountOf(azurite.connectionString);
    const stack = await startStack({
      quiet: true,
      blobStore: 'azure',
      environment: { AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString },
    });
    ended.push(() => stack.stop());
    const peer = await startDistribution(data, await freePortPair(), account);
    ended.push(() => peer.stop());
    const theirs: Contestant = {
      name: 'distribution',
      port: peer.port,
      pid: peer.pid,
      headersFor: async (repositories) => new Map(repositories.map((repository) => [repository, ''])),
    };
    await compare(azure, await escale(stack), theirs);
  }
} finally {
  for (const end of ended.reverse()) await end();
  await rm(data, { recursive: true, force: true });
}

function accountOf(connectionString: string): AzureAccount {
  const part = (name: string) => new RegExp(`${name}=([^;]+)`).exec(connectionString)?.[1] ?? '';
  return { name: part('AccountName'), key: part('AccountKey'), url: part('BlobEndpoint') };
}
