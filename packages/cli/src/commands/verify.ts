import {
  countBlobsToCheck,
  databaseTime,
  deriveUnreachable,
  findContradictions,
  readReport,
  type UnreachableManifest,
} from '@escale/domain/garbage';
import {
  collectGarbage,
  endFreeze,
  readFreeze,
  scrubBlobs,
  type DamagedBlob,
  type StorageParts,
} from '@escale/registry/jobs';
import { onStorage, sharedHelp } from './storage-command.ts';

const help = `escale verify: derives the collector's report once more by another way, and reads every stored byte

Blobs that are lost or damaged are quarantined: nobody gets them, and the next push of them heals them. Ends a freeze of
the collector. Exits with 1 when something is wrong.

${sharedHelp}`;

interface Findings {
  /** Manifests on which the collector's plan and the derivation from the roots do not agree. */
  readonly disagreements: readonly UnreachableManifest[];
  readonly contradictions: readonly string[];
  readonly damaged: readonly DamagedBlob[];
  readonly checkedBlobs: number;
  readonly checkedBytes: number;
}

/** Checks the whole storage. @throws Error with one line for a person */
export async function verify(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  await onStorage(args, environment, {}, help, async ({ flags, parts, progress }) => {
    const ctx = () => ({ em: parts.orm.em.fork() });
    const findings: Findings = {
      disagreements: await disagreements(parts),
      contradictions: await findContradictions(ctx()),
      ...(await scrub(parts, progress)),
    };
    if (await readFreeze(parts)) await endFreeze(parts);
    process.stdout.write(flags['json'] === true ? `${JSON.stringify(findings, null, 2)}\n` : written(findings));
    if (problemsOf(findings).length > 0) process.exitCode = 1;
  });
}

/** Under pushes the two looks are of different moments: what only one of them saw is looked at again. */
async function disagreements(parts: StorageParts): Promise<UnreachableManifest[]> {
  let disputed: Map<string, UnreachableManifest> | undefined;
  for (let look = 0; look < 3 && disputed?.size !== 0; look += 1) {
    const ctx = { em: parts.orm.em.fork() };
    const report = await readReport(ctx, await collectGarbage(parts, { dryRun: true }));
    const derived = new Map((await deriveUnreachable(ctx)).map((one) => [nameOf(one), one]));
    const differing = new Map(derived);
    for (const { kind, repository, digest } of report?.items ?? []) {
      if (kind !== 'manifest' || repository === undefined) continue;
      const planned = { repository, digest };
      if (!differing.delete(nameOf(planned))) differing.set(nameOf(planned), planned);
    }
    const before = disputed;
    disputed = new Map([...differing].filter(([name]) => before?.has(name) ?? true));
  }
  return [...(disputed?.values() ?? [])];
}

const nameOf = ({ repository, digest }: UnreachableManifest): string => `${repository}@${digest}`;

async function scrub(parts: StorageParts, progress: (line: string) => void) {
  const before = await databaseTime({ em: parts.orm.em.fork() });
  const all = await countBlobsToCheck({ em: parts.orm.em.fork() }, before);
  const damaged: DamagedBlob[] = [];
  let [checkedBlobs, checkedBytes] = [0, 0];
  await scrubBlobs(parts, {
    before,
    onChecked: ({ digest, size }, problem) => {
      checkedBlobs += 1;
      checkedBytes += size;
      if (problem) damaged.push({ digest, problem });
      progress(`checked ${checkedBlobs} of ${all.blobs} blobs, ${checkedBytes} of ${all.bytes} bytes`);
    },
  });
  return { damaged, checkedBlobs, checkedBytes };
}

function problemsOf({ disagreements, contradictions, damaged }: Findings): string[] {
  return [
    ...disagreements.map((one) => `not sure whether anything keeps the manifest ${nameOf(one)}`),
    ...contradictions,
    ...damaged.map(({ digest, problem }) => `the bytes of ${digest} are ${problem}; it is quarantined, push it again`),
  ];
}

function written(findings: Findings): string {
  const problems = problemsOf(findings);
  const verdict = problems.length === 0 ? 'Everything is as it should be.' : `${problems.length} problems.`;
  return (
    `Checked ${findings.checkedBlobs} blobs with ${findings.checkedBytes} bytes.\n` +
    `${problems.map((line) => `${line}\n`).join('')}${verdict}\n`
  );
}
