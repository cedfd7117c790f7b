import { expect } from 'vitest';
import { types, type Descriptor } from './data-set.ts';
import { OciClient } from '../support/oci.ts';
import { signIn } from '../support/sign-in.ts';
import { startStack } from '../support/stack.ts';

/** What a registry answered, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface Request {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** The started product as the conformance tests see it: one caller, two repositories of theirs that do not exist yet. */
export interface ConformanceRegistry {
  readonly repositories: readonly [string, string];
  /** @param path below the registry's address, or what a `Location` said */
  send(method: string, path: string, request?: Request): Promise<Answer>;
  stop(): Promise<void>;
}

export async function startConformanceRegistry(): Promise<ConformanceRegistry> {
  const stack = await startStack();
  const alice = await signIn(stack, 'alice');
  const { createApplicationToken } = await alice.ask<{
    createApplicationToken: { credentials: { username: string; password: string } };
  }>('mutation { createApplicationToken(input: { title: "conformance" }) { credentials { username password } } }');
  const client = new OciClient(stack.url, createApplicationToken.credentials);
  return {
    repositories: ['alice/conformance/one', 'alice/conformance/two'],
    send: async (method, path, { headers = {}, body } = {}) => {
      const sent = typeof body === 'string' ? body : body && Buffer.from(body);
      const answer = await client.request(path, { method, headers, ...(sent !== undefined && { body: sent }) });
      return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
    },
    stop: () => stack.stop(),
  };
}

/** The address that an answer gives, with more in its query. */
export function locationOf({ headers }: Answer, query: Readonly<Record<string, string>> = {}): string {
  const location = headers.get('location');
  expect(location).toBeTruthy();
  const url = new URL(location ?? '', 'http://registry');
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.pathname + url.search;
}

export const statusOf = async (answer: Promise<Answer>): Promise<number> => (await answer).status;

/** The names that a repository lists. @param query with its question mark */
export async function tagsOf(registry: ConformanceRegistry, repository: string, query = ''): Promise<string[]> {
  const { body } = await registry.send('GET', `/v2/${repository}/tags/list${query}`);
  return (JSON.parse(body.toString()) as { tags: string[] }).tags;
}

/** What points at a manifest, of one type or of all. */
export async function referrersOf(
  registry: ConformanceRegistry,
  repository: string,
  subject: string,
  artifactType?: string,
): Promise<Descriptor[]> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  const path = `/v2/${repository}/referrers/${subject}${query}`;
  const { status, headers, body } = await registry.send('GET', path);
  const index = JSON.parse(body.toString()) as { schemaVersion: number; mediaType: string; manifests: Descriptor[] };
  expect([status, headers.get('content-type'), index.schemaVersion, index.mediaType]).toEqual([
    ...[200, types.index, 2, types.index],
  ]);
  expect(headers.get('oci-filters-applied')).toBe(artifactType === undefined ? null : 'artifactType');
  return index.manifests;
}
