import { hostile } from '../support/hostile-texts.ts';
import { OciClient, sha256 } from '../support/oci.ts';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import type { Stack } from '../support/stack.ts';

/** A repository, and a client that may push there. */
interface Place {
  readonly client: OciClient;
  readonly repository: string;
}

export interface Scene extends Place {
  readonly alice: SignedIn;
  /** Of the image that the tags `1.0` and `latest` name. */
  readonly digest: string;
  readonly indexDigest: string;
}

const imageType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

/** An organization with a repository in which there is one of everything that its pages show. */
export async function repositoryScene(stack: Stack, organization = 'acme'): Promise<Scene> {
  const alice = await signIn(stack, 'alice');
  await signIn(stack, 'bob');
  await alice.ask(
    'mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { name } } }',
    {
      input: { name: organization },
    },
  );
  const { createApplicationToken } = await alice.ask<{ createApplicationToken: { credentials: { password: string } } }>(
    'mutation ($input: CreateApplicationTokenInput!) { createApplicationToken(input: $input) { credentials { password } } }',
    { input: { title: 'pusher' } },
  );
  const client = new OciClient(stack.url, { username: '$app', password: createApplicationToken.credentials.password });
  const place = { client, repository: `${organization}/app` };
  const amd64 = await pushImage(place, 'amd64', '1.0');
  await putManifest(place, 'latest', imageType, amd64.text);
  const arm64 = await pushImage(place, 'arm64');
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: [amd64, arm64].map(({ text, digest }, at) => ({
      mediaType: imageType,
      digest,
      size: Buffer.byteLength(text),
      platform: { os: 'linux', architecture: at === 0 ? 'amd64' : 'arm64' },
    })),
    annotations: Object.fromEntries(hostile.map((text, at) => [`org.example.note${String(at)}`, text])),
  });
  await putManifest(place, 'multi', indexType, index);
  await sign(place, amd64);
  await alice.ask(
    'mutation ($input: UpdateRepositoryInput!) { updateRepository(input: $input) { repository { id } } }',
    {
      input: { repository: place.repository, description: hostile.join('\n') },
    },
  );
  return { ...place, alice, digest: amd64.digest, indexDigest: sha256(Buffer.from(index)) };
}

export async function putManifest(
  { client, repository }: Place,
  reference: string,
  type: string,
  text: string,
): Promise<void> {
  const answer = await client.request(`/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'Content-Type': type, 'User-Agent': hostile[0] ?? '' },
    body: text,
  });
  if (answer.status !== 201) throw new Error(`manifest refused: ${String(answer.status)} ${await answer.text()}`);
}

/** An image that says a lot of itself. @param tag none when left out */
export async function pushImage(
  place: Place,
  architecture: string,
  tag?: string,
  annotations: Readonly<Record<string, string>> = {},
) {
  const layers = [Buffer.alloc(60_000, `${architecture} one`), Buffer.alloc(9000, `${architecture} ${tag ?? 'two'}`)];
  const config = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture,
      created: '2026-01-02T03:04:05Z',
      config: {
        Env: ['PATH=/usr/bin', `HOSTILE=${hostile[0] ?? ''}`],
        Entrypoint: ['/bin/app', '--serve'],
        WorkingDir: '/srv',
        Labels: Object.fromEntries(hostile.map((text, at) => [`label.${String(at)}`, text])),
      },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => sha256(layer)) },
      history: [
        { created_by: 'COPY base /' },
        { created_by: 'ENV PATH=/usr/bin', empty_layer: true },
        { created_by: `RUN echo ${hostile[1] ?? ''}` },
      ],
    }),
  );
  const descriptor = (mediaType: string, content: Buffer) => ({
    mediaType,
    digest: sha256(content),
    size: content.length,
  });
  for (const blob of [config, ...layers]) await place.client.pushBlob(place.repository, blob);
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: imageType,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
    annotations,
  });
  const digest = sha256(Buffer.from(text));
  await putManifest(place, tag ?? digest, imageType, text);
  return { text, digest };
}

/** A signature as cosign makes it. */
async function sign(place: Place, { text, digest }: { text: string; digest: string }): Promise<void> {
  const empty = Buffer.from('{}');
  await place.client.pushBlob(place.repository, empty);
  const blob = { mediaType: 'application/vnd.oci.empty.v1+json', digest: sha256(empty), size: empty.length };
  const signature = JSON.stringify({
    schemaVersion: 2,
    mediaType: imageType,
    artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json',
    config: blob,
    layers: [blob],
    subject: { mediaType: imageType, digest, size: Buffer.byteLength(text) },
  });
  await putManifest(place, sha256(Buffer.from(signature)), imageType, signature);
}
