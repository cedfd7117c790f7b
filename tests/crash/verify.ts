import { setTimeout as sleep } from 'node:timers/promises';
import { sha256, type OciClient } from '../support/oci.ts';
import type { Ledger } from './ledger.ts';

/** What was found of one thing. */
interface Finding {
  readonly value: string | null;
  /** The bytes are not those of their digest (P3). */
  readonly wrong: boolean;
}

const readers = 8;

/** Reads everything in the ledger, byte by byte. @returns what is lost, wrong, or back from the dead, in words */
export async function verify(client: OciClient, ledger: Ledger): Promise<{ read: number; complaints: string[] }> {
  const complaints: string[] = [];
  const keys = ledger.keys();
  const rest = keys.values();
  const reader = async () => {
    for (const key of rest) {
      const allowed = ledger.allowed(key);
      const { value, wrong } = await look(client, key);
      if (wrong) complaints.push(`wrong bytes: ${key}`);
      else if (!allowed.includes(value)) {
        complaints.push(
          `${value === null ? 'lost' : 'not as acknowledged'}: ${key} is ${String(value)}, not ${allowed.join(' or ')}`,
        );
      }
      if (allowed.length > 1) ledger.observe([key, value]);
      else if (value === null) ledger.stillGone(key);
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
  return { read: keys.length, complaints };
}

/** Milliseconds that the product may still be finding its feet after a kill. */
const patience = 30_000;

async function look(client: OciClient, key: string): Promise<Finding> {
  const [kind, repository = '', reference = ''] = key.split('|');
  const path = `/v2/${repository}/${kind === 'blob' ? 'blobs' : 'manifests'}/${reference}`;
  const until = Date.now() + patience;
  let { status, headers, body } = await get(client, path);
  while ((status === 503 || status === 401) && Date.now() < until) {
    await sleep(100);
    ({ status, headers, body } = await get(client, path));
  }
  if (status === 404) return { value: null, wrong: false };
  if (status !== 200) return { value: `an answer ${String(status)} ${body.toString().slice(0, 200)}`, wrong: false };
  const digest = sha256(body);
  if (kind !== 'tag') return { value: 'here', wrong: digest !== reference };
  return { value: digest, wrong: headers.get('docker-content-digest') !== digest };
}

/** Nobody there counts as 503. */
async function get(client: OciClient, path: string): Promise<{ status: number; headers: Headers; body: Buffer }> {
  try {
    const answer = await client.request(path, {
      headers: { Accept: 'application/vnd.oci.image.manifest.v1+json, */*' },
    });
    return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
  } catch {
    return { status: 503, headers: new Headers(), body: Buffer.from('nobody answers') };
  }
}
