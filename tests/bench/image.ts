import { createHash } from 'node:crypto';
import type { Reply, Wire } from './wire.ts';

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
export const digestOf = (content: Uint8Array): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

export function manifestOf(config: Uint8Array, layers: readonly Uint8Array[]): string {
  const describe = (mediaType: string, content: Uint8Array) => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => describe('application/vnd.oci.image.layer.v1.tar', layer)),
  });
}

export async function pushBlob(wire: Wire, repository: string, headers: string, blob: Uint8Array): Promise<void> {
  const begun = await wire.send('POST', `${repository}/blobs/uploads/`, `${headers}Content-Length: 0\r\n`);
  expectStatus(begun, 202);
  const location = /\r\nlocation: *([^\r]+)/i.exec(begun.head)?.[1] ?? '';
  const path = location.replace(/^https?:\/\/[^/]+/, '');
  const to = `${path}${path.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digestOf(blob))}`;
  const type = 'Content-Type: application/octet-stream\r\n';
  expectStatus(await wire.send('PUT', to, headers + type, blob), 201);
}

export function expectStatus({ status, head }: Reply, wanted: number): void {
  if (status !== wanted) throw new Error(`answered ${String(status)} where ${String(wanted)} was due:\n${head}`);
}
