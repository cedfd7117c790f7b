import { createHash } from 'node:crypto';
import type { Sent, TestRegistry } from './test-registry.ts';

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const emptyConfig = 'application/vnd.oci.empty.v1+json';

type Algorithm = 'sha256' | 'sha512';

export function digestOf(content: string | Buffer, algorithm: Algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

export function descriptorOf(content: string | Buffer, mediaType = 'application/octet-stream') {
  return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) };
}

/** An image manifest of these contents; what else it says goes over it. */
export function imageOf(layers: readonly string[], more: object = {}, config = '{}'): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: ociManifest,
    config: descriptorOf(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((layer) => descriptorOf(layer, 'application/vnd.oci.image.layer.v1.tar')),
    ...more,
  });
}

/** An index of manifests given as their texts. */
export function indexOf(manifests: readonly string[], more: object = {}): string {
  const typeOf = (text: string) => (JSON.parse(text) as { mediaType: string }).mediaType;
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: ociIndex,
    manifests: manifests.map((text) => descriptorOf(text, typeOf(text))),
    ...more,
  });
}

/** What a caller sees of an answer. */
export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The error code in the body, when it has one. */
  readonly code: string | undefined;
}

/** Somebody who talks to a test registry. */
export interface RegistryClient {
  send(method: string, path: string, options?: Omit<Sent, 'as'>): Promise<Seen>;
  /** @returns the digest */
  pushBlob(repository: string, content: string | Buffer<ArrayBuffer>, algorithm?: Algorithm): Promise<string>;
  putManifest(
    repository: string,
    reference: string,
    manifest: string,
    headers?: Record<string, string>,
    query?: string,
  ): Promise<Seen>;
  /** Blobs and manifest; @returns the manifest's text */
  pushImage(repository: string, reference: string, layers?: readonly string[], more?: object): Promise<string>;
}

export function clientOf(registry: TestRegistry, as: string | undefined): RegistryClient {
  const send: RegistryClient['send'] = async (method, path, options = {}) => {
    const answer = await registry.send(method, path, { ...options, ...(as !== undefined && { as }) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, code: codeIn(text) };
  };
  const pushBlob: RegistryClient['pushBlob'] = async (repository, content, algorithm) => {
    const digest = digestOf(content, algorithm);
    const { status, text } = await send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: content });
    if (status !== 201) throw new Error(`the blob was refused: ${String(status)} ${text}`);
    return digest;
  };
  const putManifest: RegistryClient['putManifest'] = (repository, reference, manifest, headers = {}, query = '') => {
    const { mediaType } = JSON.parse(manifest) as { mediaType: string };
    return send('PUT', `/v2/${repository}/manifests/${reference}${query}`, {
      headers: { 'Content-Type': mediaType, ...headers },
      body: manifest,
    });
  };
  return {
    send,
    pushBlob,
    putManifest,
    pushImage: async (repository, reference, layers = ['layer'], more = {}) => {
      for (const blob of ['{}', ...layers]) await pushBlob(repository, blob);
      const manifest = imageOf(layers, more);
      const { status, text } = await putManifest(repository, reference, manifest);
      if (status !== 201) throw new Error(`the manifest was refused: ${String(status)} ${text}`);
      return manifest;
    },
  };
}

function codeIn(text: string): string | undefined {
  if (!text.startsWith('{"errors":')) return undefined;
  return (JSON.parse(text) as { errors: { code: string }[] }).errors[0]?.code;
}
