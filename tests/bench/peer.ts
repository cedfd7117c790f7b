import { spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = path.resolve(import.meta.dirname, '../../.cache/peers');
const binary = path.join(folder, 'registry');
const module = 'github.com/distribution/distribution/v3/cmd/registry@latest';

/** A server under measurement. */
export interface Running {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Builds distribution once, into a folder that git ignores. @throws Error with the one line that a person needs */
export async function installDistribution(): Promise<string> {
  if (!existsSync(binary)) {
    await mkdir(folder, { recursive: true });
    console.error('Building distribution, once …');
    const built = spawnSync('go', ['install', module], { env: { ...process.env, GOBIN: folder }, stdio: 'inherit' });
    if (built.error)
      throw new Error('install Go 1.25 or later: the benchmark compares with distribution, which is written in it');
    if (built.status !== 0) throw new Error('distribution could not be built; the messages of go are above');
  }
  return spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim().split(/\s+/).at(-1) ?? '';
}

export interface AzureAccount {
  readonly name: string;
  readonly key: string;
  /** With the account's name as its path. */
  readonly url: string;
}

/** Distribution at its best: no authentication, no access log, its descriptor cache on. */
export async function startDistribution(data: string, port: number, azure?: AzureAccount): Promise<Running> {
  const storage = azure
    ? `  azure:
    accountname: ${azure.name}
    accountkey: ${azure.key}
    container: distribution
    serviceurl: ${azure.url}
    credentials: {type: shared_key}
  redirect: {disable: true}`
    : `  filesystem: {rootdirectory: ${JSON.stringify(path.join(data, 'distribution'))}}`;
  const config = `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage:
${storage}
  cache: {blobdescriptor: inmemory}
  delete: {enabled: true}
http: {addr: "127.0.0.1:${String(port)}", secret: benchmark}
`;
  if (azure) await createContainer(azure, 'distribution');
  const file = path.join(data, `distribution-${String(port)}.yml`);
  await writeFile(file, config);
  const child = spawn(binary, ['serve', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
  });
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let waited = 0; ; waited += 50) {
    if (child.exitCode !== null || waited > 15_000) throw new Error('distribution did not start');
    const answer = await fetch(`http://127.0.0.1:${String(port)}/v2/`).catch(() => undefined);
    if (answer?.ok) break;
    await sleep(50);
  }
  return {
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      await Promise.race([exit, sleep(5000, undefined, { ref: false })]);
      child.kill('SIGKILL');
    },
  };
}

/** Its driver wants a container that is there (Azure Storage, Shared Key). */
async function createContainer({ name, key, url }: AzureAccount, container: string): Promise<void> {
  const date = new Date().toUTCString();
  const version = '2023-11-03';
  const text =
    `PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:${date}\nx-ms-version:${version}\n` +
    `/${name}/${name}/${container}\nrestype:container`;
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
  const answer = await fetch(`${url}/${container}?restype=container`, {
    method: 'PUT',
    headers: { 'x-ms-date': date, 'x-ms-version': version, Authorization: `SharedKey ${name}:${signature}` },
  });
  if (answer.status !== 201 && answer.status !== 409)
    throw new Error(`no container: ${String(answer.status)} ${await answer.text()}`);
}
