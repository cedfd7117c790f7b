import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runningPostgres } from '@escale/cli/embedded';
import { createOrm } from '@escale/schema/testing';
import { applicationToken } from '../support/application-token.ts';
import { imageManifest, OciClient, sha256 } from '../support/oci.ts';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { storedObjects, type StoredObjects } from '../support/stored-objects.ts';

const main = path.resolve(import.meta.dirname, '../../packages/cli/dist/main.js');
const run = promisify(execFile);

interface Report {
  readonly id: string;
  readonly dryRun: boolean;
  readonly bytesFreed: number;
  readonly roots: { readonly tags: number };
  readonly items: readonly { kind: string; repository?: string; digest: string; reason: string; outcome: string }[];
}

interface Findings {
  readonly report?: { readonly run: string; readonly deleted: number; readonly problems: readonly string[] };
  readonly disagreements: readonly unknown[];
  readonly contradictions: readonly string[];
  readonly losses: readonly string[];
  readonly damaged: readonly { digest: string; problem: string }[];
  readonly checkedBlobs: number;
}

describe.each(['filesystem', 'azurite'] as const)(
  'the commands on the storage (%s)',
  { timeout: 300_000 },
  (blobStore) => {
    let stack: Stack;
    let alice: SignedIn;
    let client: OciClient;
    let objects: StoredObjects;

    beforeAll(async () => {
      stack = await startStack({ blobStore });
      objects = storedObjects(stack, blobStore);
      alice = await signIn(stack, 'alice');
      client = new OciClient(stack.url, await applicationToken(alice, 'commands'));
      await alice.ask('mutation { createOrganization(input: { name: "acme" }) { organization { id } } }');
      await alice.ask(
        'mutation { updateOrganization(input: { name: "acme", timeMachineSeconds: 0 }) { organization { id } } }',
      );
    });
    afterAll(() => stack.stop());

    const escale = (...args: string[]) =>
      run(process.execPath, [main, ...args, '--data', stack.dataDir, '--blob-store', blobStore]);
    const gc = async (...args: string[]) => JSON.parse((await escale('gc', '--json', ...args)).stdout) as Report;
    /** Exits with 1 when it finds something; its findings are on standard output nevertheless. */
    const verify = async (...args: string[]): Promise<Findings & { code: number }> => {
      const { stdout, code } = await escale('verify', '--json', ...args).then(
        (done) => ({ ...done, code: 0 }),
        (error: unknown) => error as { stdout: string; code: number },
      );
      return { ...(JSON.parse(stdout) as Findings), code };
    };
    const facts = ({ items }: Report) =>
      items.map(({ kind, repository, digest, reason }) => `${kind} ${repository ?? ''}@${digest}: ${reason}`).sort();
    const sound = { code: 0, disagreements: [], contradictions: [], losses: [], damaged: [] };

    /** An image whose tag has ended and which nothing keeps. */
    const garbage = async () => {
      const { digest } = await client.pushImage('acme/app', 'old');
      const untagged = await client.request('/v2/acme/app/manifests/old', { method: 'DELETE' });
      expect(untagged.status).toBe(202);
      return digest;
    };

    /** What a dry run says, the run after it does; then that is derived once more. */
    const collects = async (old: string): Promise<{ dry: Report; wet: Report }> => {
      const dry = await gc('--dry-run');
      expect(dry.dryRun).toBe(true);
      expect(facts(dry)).toEqual([`manifest acme/app@${old}: its last tag ended, and is no longer to be restored`]);
      const wet = await gc();
      expect(facts(wet)).toEqual(facts(dry));
      expect(wet.bytesFreed).toBe(dry.bytesFreed);
      expect(wet.items.map(({ outcome }) => outcome)).toEqual(['deleted']);
      expect(await verify()).toMatchObject({ ...sound, report: { run: wet.id, deleted: 1, problems: [] } });
      return { dry, wet };
    };

    test('beside the running product: gc does what its dry run says, and verify agrees', async () => {
      const kept = await client.pushImage('acme/app', 'kept');
      const old = await garbage();
      const { dry, wet } = await collects(old);
      expect(await gc('--report', 'last')).toEqual(wet);
      expect(await gc('--report', dry.id)).toEqual(dry);
      expect((await escale('gc', '--report', wet.id)).stdout).toContain(`deleted manifest acme/app@${old}`);
      expect(await client.pullImage('acme/app', 'kept')).toBe(kept.digest);
    });

    test('a flipped byte and a deleted object are found, served to nobody, and healed by the next push (D31, D40)', async () => {
      const [flipped, removed] = [randomBytes(3000), randomBytes(3000)];
      const config = Buffer.from('{}');
      for (const blob of [config, flipped, removed]) await client.pushBlob('acme/app', blob);
      const put = await client.request('/v2/acme/app/manifests/hurt', {
        method: 'PUT',
        headers: { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' },
        body: imageManifest(config, [flipped, removed]),
      });
      expect(put.status).toBe(201);
      expect(await verify()).toMatchObject(sound);
      await objects.flip(flipped);
      await objects.remove(sha256(removed));
      const { code, damaged, checkedBlobs } = await verify();
      expect(code).toBe(1);
      expect(checkedBlobs).toBeGreaterThan(3);
      expect(damaged).toHaveLength(2);
      expect(damaged).toContainEqual({ digest: sha256(flipped), problem: 'damaged' });
      expect(damaged).toContainEqual({ digest: sha256(removed), problem: 'missing' });
      for (const blob of [flipped, removed]) {
        const address = `/v2/acme/app/blobs/${sha256(blob)}`;
        expect((await client.request(address)).status).toBe(503);
        expect((await client.request(address, { method: 'HEAD' })).status).toBe(404);
        await client.pushBlob('acme/app', blob);
      }
      await client.pullImage('acme/app', 'hurt');
      expect(await verify()).toMatchObject(sound);
    });

    test('a blob that a repository has lost is found, and healed by the next push', async () => {
      const [config, layer] = [Buffer.from('{}'), randomBytes(300)];
      for (const blob of [config, layer]) await client.pushBlob('acme/lost', blob);
      const headers = { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' };
      const body = imageManifest(config, [layer]);
      await client.request('/v2/acme/lost/manifests/v1', { method: 'PUT', headers, body });
      const orm = await createOrm({
        databaseUrl: (await runningPostgres(path.join(stack.dataDir, 'database'))) ?? '',
        poolSize: 1,
      });
      await orm.em
        .fork()
        .execute('delete from repository_blobs l using blobs b where b.id = l.blob_id and b.digest = ?', [
          sha256(layer),
        ]);
      await orm.close();
      const { code, losses } = await verify();
      expect([code, losses]).toEqual([1, [expect.stringContaining(`needs the blob ${sha256(layer)}`)]]);
      await client.pushBlob('acme/lost', layer);
      expect(await verify()).toMatchObject(sound);
    });

    test('with the product stopped, on what it left; and what is asked wrongly is said in a line', async () => {
      const stays = await client.pushImage('acme/app', 'stays');
      const old = await garbage();
      await stack.halt();
      await collects(old);
      await expect(escale('gc', '--report', 'yesterday')).rejects.toMatchObject({
        code: 1,
        stderr: 'escale: there is no report yesterday\n',
      });
      await expect(escale('gc', '--grace', 'soon')).rejects.toMatchObject({
        code: 1,
        stderr: 'escale: --grace is a number of hours, 0 or more\n',
      });
      await stack.restart();
      expect(await client.pullImage('acme/app', 'stays')).toBe(stays.digest);
    });
  },
);
