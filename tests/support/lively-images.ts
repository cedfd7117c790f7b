import { sha256, type OciClient } from './oci.ts';

/** A repository, and a client that may push there. */
export interface Place {
  readonly client: OciClient;
  readonly repository: string;
}

export interface Pushed {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
}

const imageType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';

async function putManifest(
  { client, repository }: Place,
  tag: string | undefined,
  manifest: { mediaType: string } & Readonly<Record<string, unknown>>,
) {
  const text = JSON.stringify({ schemaVersion: 2, ...manifest });
  const pushed = { digest: sha256(Buffer.from(text)), mediaType: manifest.mediaType, size: Buffer.byteLength(text) };
  const answer = await client.request(`/v2/${repository}/manifests/${tag ?? pushed.digest}`, {
    method: 'PUT',
    headers: { 'Content-Type': manifest.mediaType, 'User-Agent': 'docker/28.2.1 go/go1.24 os/linux arch/amd64' },
    body: text,
  });
  if (answer.status !== 201) throw new Error(`manifest refused: ${String(answer.status)} ${await answer.text()}`);
  return pushed;
}

async function blob({ client, repository }: Place, mediaType: string, content: Buffer) {
  return { mediaType, digest: await client.pushBlob(repository, content), size: content.length };
}

/** Bytes that nobody else has; what they are is of no interest, how many they are is shown. */
function layer(name: string, mebibytes: number): Buffer {
  return Buffer.alloc(Math.round(mebibytes * 1_048_576), name.padEnd(64, '.'));
}

/** An image of one platform, as a build leaves it. @param tag none for what only an index will name */
export async function pushImage(place: Place, version: string, architecture: string, tag?: string): Promise<Pushed> {
  const layers = [
    await blob(place, layerType, layer(`base ${architecture}`, 6.3)),
    await blob(place, layerType, layer(`${place.repository} ${version} ${architecture}`, 1.7)),
    await blob(place, layerType, layer(`assets ${version}`, 0.4)),
  ];
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      created: '2026-11-20T09:12:44Z',
      author: 'ACME platform',
      config: {
        Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'NODE_ENV=production', `APP_VERSION=${version}`],
        Entrypoint: ['/usr/local/bin/app'],
        Cmd: ['serve', '--port', '8080'],
        ExposedPorts: { '8080/tcp': {} },
        User: '10001',
        WorkingDir: '/srv/app',
        Labels: {
          'org.opencontainers.image.title': place.repository,
          'org.opencontainers.image.version': version,
          'org.opencontainers.image.source': `https://git.acme.example/${place.repository}`,
          'org.opencontainers.image.licenses': 'Apache-2.0',
        },
      },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
      history: [
        { created_by: 'ADD rootfs.tar.gz / # debian:13-slim' },
        { created_by: 'ENV NODE_ENV=production', empty_layer: true },
        { created_by: 'COPY --chown=10001 dist /srv/app # buildkit' },
        { created_by: 'COPY assets /srv/app/assets # buildkit' },
        { created_by: 'ENTRYPOINT ["/usr/local/bin/app"]', empty_layer: true },
      ],
    }),
  );
  const manifest = {
    mediaType: imageType,
    config: await blob(place, 'application/vnd.oci.image.config.v1+json', config),
    layers,
    annotations: { 'org.opencontainers.image.revision': sha256(config).slice(7, 47) },
  };
  return putManifest(place, tag, manifest);
}

/** An image for two platforms under all of these tags. */
export async function pushIndex(
  place: Place,
  version: string,
  tags: readonly string[],
  annotations: Readonly<Record<string, string>> = {},
): Promise<Pushed> {
  const manifests = [];
  for (const architecture of ['amd64', 'arm64'])
    manifests.push({ ...(await pushImage(place, version, architecture)), platform: { os: 'linux', architecture } });
  const index = { mediaType: indexType, manifests, annotations };
  const [first, ...others] = tags;
  const pushed = await putManifest(place, first, index);
  for (const tag of others) await putManifest(place, tag, index);
  return pushed;
}

/** Something that points at an image: a signature, a bill of materials. */
export async function attach(place: Place, subject: Pushed, artifactType: string, content: string): Promise<void> {
  await putManifest(place, undefined, {
    mediaType: imageType,
    ...{ artifactType, subject },
    config: await blob(place, 'application/vnd.oci.empty.v1+json', Buffer.from('{}')),
    layers: [await blob(place, artifactType, Buffer.from(content))],
  });
}
