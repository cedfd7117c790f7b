import { createHash, randomBytes } from 'node:crypto';

/** A small registry client of our own, for tests that need to see every answer. */
export class OciClient {
  readonly #url: string;
  readonly #credentials: { username: string; password: string } | undefined;
  readonly #tokens = new Map<string, string>();

  constructor(url: string, credentials?: { username: string; password: string }) {
    this.#url = url;
    this.#credentials = credentials;
  }

  /** A request as clients make it: a 401 with a challenge is answered by getting the token it asks for. */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const repository = /^\/v2\/(.+?)\/(?:blobs|manifests|tags|referrers)\//.exec(path)?.[1] ?? '';
    const first = await this.#send(path, init, this.#tokens.get(repository));
    const challenge = first.status === 401 ? first.headers.get('www-authenticate') : null;
    if (challenge === null) return first;
    const token = await this.token(challenge);
    if (token === undefined) return first;
    await first.body?.cancel();
    this.#tokens.set(repository, token);
    return this.#send(path, init, token);
  }

  /** Gets a token for a Bearer challenge; undefined when the token service refuses. */
  async token(challenge: string): Promise<string | undefined> {
    const parameters = Object.fromEntries(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    const url = new URL(parameters['realm'] ?? '');
    for (const name of ['service', 'scope']) if (parameters[name]) url.searchParams.set(name, parameters[name]);
    const headers: Record<string, string> = this.#credentials
      ? {
          Authorization: `Basic ${Buffer.from(`${this.#credentials.username}:${this.#credentials.password}`).toString('base64')}`,
        }
      : {};
    const answer = await fetch(url, { headers });
    if (!answer.ok) return undefined;
    return ((await answer.json()) as { token: string }).token;
  }

  async pushBlob(repository: string, content: Uint8Array): Promise<string> {
    const digest = sha256(content);
    const begun = await this.request(`/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const location = begun.headers.get('location');
    if (begun.status !== 202 || location === null)
      throw new Error(`upload refused: ${String(begun.status)} ${await begun.text()}`);
    const done = await this.request(`${location}?digest=${digest}`, { method: 'PUT', body: Buffer.from(content) });
    if (done.status !== 201) throw new Error(`blob refused: ${String(done.status)} ${await done.text()}`);
    return digest;
  }

  /** Pushes an image with layers of random bytes. @returns what was pushed, to compare with what is pulled */
  async pushImage(repository: string, tag: string, layerSizes: readonly number[] = [1000, 2000]): Promise<PushedImage> {
    const layers = layerSizes.map((size) => randomBytes(size));
    const config = Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: {},
        rootfs: { type: 'layers', diff_ids: layers.map(sha256) },
      }),
    );
    for (const blob of [config, ...layers]) await this.pushBlob(repository, blob);
    const manifest = imageManifest(config, layers);
    const put = await this.request(`/v2/${repository}/manifests/${tag}`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' },
      body: manifest,
    });
    if (put.status !== 201) throw new Error(`manifest refused: ${String(put.status)} ${await put.text()}`);
    return { digest: sha256(Buffer.from(manifest)), manifest, blobs: [config, ...layers].map(sha256) };
  }

  /** Pulls an image and checks every byte against its digest. @returns the manifest's digest */
  async pullImage(repository: string, reference: string): Promise<string> {
    const answer = await this.request(`/v2/${repository}/manifests/${reference}`);
    if (answer.status !== 200) throw new Error(`manifest refused: ${String(answer.status)} ${await answer.text()}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const digest = sha256(bytes);
    if (answer.headers.get('docker-content-digest') !== digest)
      throw new Error('the manifest is not what its digest says');
    const { config, layers } = JSON.parse(bytes.toString()) as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    for (const { digest: wanted } of [config, ...layers]) {
      const blob = await this.request(`/v2/${repository}/blobs/${wanted}`);
      if (blob.status !== 200) throw new Error(`blob refused: ${String(blob.status)}`);
      if (sha256(Buffer.from(await blob.arrayBuffer())) !== wanted) throw new Error(`${wanted} has other content`);
    }
    return digest;
  }

  #send(path: string, init: RequestInit, token: string | undefined): Promise<Response> {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    return fetch(new URL(path, this.#url), { ...init, headers, redirect: 'manual' });
  }
}

export interface PushedImage {
  readonly digest: string;
  readonly manifest: string;
  readonly blobs: readonly string[];
}

export function sha256(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

export function imageManifest(config: Uint8Array, layers: readonly Uint8Array[]): string {
  const describe = (mediaType: string, content: Uint8Array) => ({
    mediaType,
    digest: sha256(content),
    size: content.length,
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => describe('application/vnd.oci.image.layer.v1.tar', layer)),
  });
}
