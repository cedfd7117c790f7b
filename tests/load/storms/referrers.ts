import { manifestType } from '../../bench/image.ts';
import { Wire } from '../../bench/wire.ts';
import { imageManifest, sha256 } from '../../support/oci.ts';
import { at, type Line, type Scene } from './scene.ts';

/** L9, second half: one image with thousands of signatures. */
export async function referrers({ stack, client, bearer, many }: Scene): Promise<Line[]> {
  const { digest } = await client.pushImage('alice/signed', '1');
  const as = await bearer('alice/signed');
  const config = Buffer.from('{}');
  await client.pushBlob('alice/signed', config);
  const subject = { mediaType: manifestType, digest, size: 1 };
  const count = many(10_000);
  let next = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const wire = new Wire(stack.port);
      for (let index = next++; index < count; index = next++) {
        const body = Buffer.from(
          JSON.stringify({
            ...(JSON.parse(imageManifest(config, [])) as object),
            artifactType: 'application/vnd.example.signature',
            subject,
            annotations: { index: String(index) },
          }),
        );
        const { status } = await wire.send(
          'PUT',
          `/v2/alice/signed/manifests/${sha256(body)}`,
          `${as}Content-Type: ${manifestType}\r\n`,
          body,
        );
        if (status !== 201) throw new Error(`a referrer was answered ${String(status)}`);
      }
      wire.close();
    }),
  );
  const times: number[] = [];
  const found = new Set<string>();
  for (let round = 0; round < 5; round += 1) {
    for (let path: string | undefined = `/v2/alice/signed/referrers/${digest}`; path !== undefined;) {
      const begun = performance.now();
      const answer: Response = await client.request(path);
      const { manifests } = (await answer.json()) as { manifests: { digest: string }[] };
      times.push(performance.now() - begun);
      for (const manifest of manifests) found.add(manifest.digest);
      path = /<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
    }
  }
  times.sort((a, b) => a - b);
  return [
    { what: `a page of ${String(count)} referrers, p99`, value: at(times, 0.99), limit: 150, unit: 'ms' },
    { what: 'of them not found on any page', value: count - found.size, limit: 0, unit: '' },
  ];
}
