import { expect } from 'vitest';
import type { User } from '@escale/schema/entities';
import { buildOrganization, buildUser } from '@escale/schema/testing';
import { digestOf, imageOf, ociManifest } from './registry-client.ts';
import { openTestRegistry, type Sent, type TestRegistry } from './test-registry.ts';

/** A registry with an organization `acme` of alice's, for tests that look at every answer. */
export interface AcmeScene {
  readonly registry: TestRegistry;
  readonly alice: User;
  /** Alice's Authorization header. */
  readonly writer: string;
  /** Of somebody without any right. */
  readonly outsider: string;
  send(method: string, path: string, options?: Sent): Promise<Response>;
  /** Begins an upload. @returns where it goes on */
  begin(repository: string, as?: string, query?: string): Promise<string>;
  /** @returns its digest */
  pushBlob(repository: string, content: Buffer<ArrayBuffer> | string): Promise<string>;
  /** @returns the manifest's text */
  pushImage(repository: string, reference: string, layers?: string[]): Promise<string>;
  close(): Promise<void>;
}

/** @param options as of `openTestRegistry` */
export async function openAcme(databaseServerUrl: string, options?: { connections: number }): Promise<AcmeScene> {
  const registry = await openTestRegistry(databaseServerUrl, options);
  const em = registry.database.orm.em.fork();
  const alice = await buildUser(em, { name: 'alice' });
  await buildOrganization(em, { name: 'acme', owner: alice });
  const writer = await registry.applicationToken(alice);
  const outsider = await registry.applicationToken(await buildUser(em, { name: 'oscar' }));
  const send: AcmeScene['send'] = (method, path, options) => registry.send(method, path, options);
  const pushBlob = async (repository: string, content: Buffer<ArrayBuffer> | string): Promise<string> => {
    const digest = digestOf(content);
    const path = `/v2/${repository}/blobs/uploads/?digest=${digest}`;
    expect((await send('POST', path, { as: writer, body: content })).status).toBe(201);
    return digest;
  };
  return {
    registry,
    alice,
    writer,
    outsider,
    send,
    begin: async (repository, as = writer, query = '') => {
      const answer = await send('POST', `/v2/${repository}/blobs/uploads/${query}`, { as });
      expect(answer.status).toBe(202);
      return answer.headers.get('location') ?? '';
    },
    pushBlob,
    pushImage: async (repository, reference, layers = ['layer']) => {
      const manifest = imageOf(layers);
      for (const blob of ['{}', ...layers]) await pushBlob(repository, blob);
      const headers = { 'Content-Type': ociManifest };
      const path = `/v2/${repository}/manifests/${reference}`;
      expect((await send('PUT', path, { as: writer, headers, body: manifest })).status).toBe(201);
      return manifest;
    },
    close: () => registry.close(),
  };
}

/** The error code in an answer. */
export async function codeOf(answer: Response): Promise<string | undefined> {
  return ((await answer.json()) as { errors: { code: string; message: string }[] }).errors[0]?.code;
}
