import {
  checkReport,
  countBlobsToCheck,
  databaseTime,
  findContradictions,
  findDisagreements,
  findLosses,
  type CheckedReport,
  type UnreachableManifest,
} from '@escale/domain/garbage';
import { endFreeze, readFreeze, scrubBlobs, type DamagedBlob, type StorageParts } from '@escale/registry/jobs';
import { onStorage, sharedHelp } from './storage-command.ts';

const help = `escale verify: derives what is garbage, and what a run deleted, once more by another way; reads every stored byte

Blobs that are lost or damaged are quarantined: nobody gets them, and the next push of them heals them. Ends a freeze of
the collector. Exits with 1 when something is wrong.

  --report ID      the run whose report is checked (last, the latest that deleted)
${sharedHelp}`;

interface Findings {
  /** Manifests on which the collector's plan and the derivation from the roots do not agree. */
  readonly disagreements: readonly UnreachableManifest[];
  readonly contradictions: readonly string[];
  /** What live manifests and tags need, and the registry does not have any more. */
  readonly losses: readonly string[];
  /** Of the run whose report was checked; none when nothing was ever collected. */
  readonly report: CheckedReport | undefined;
  readonly damaged: readonly DamagedBlob[];
  readonly checkedBlobs: number;
  readonly checkedBytes: number;
}

/** Checks the whole storage. @throws Error with one line for a person */
export async function verify(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  await onStorage(args, environment, { report: { type: 'string' } }, help, async ({ flags, parts, progress }) => {
    const ctx = () => ({ em: parts.orm.em.fork() });
    const findings: Findings = {
      report: await checkedReport(parts, flags['report']),
      disagreements: await findDisagreements(ctx()),
      contradictions: await findContradictions(ctx()),
      losses: await findLosses(ctx()),
      ...(await scrub(parts, progress)),
    };
    if (await readFreeze(parts)) await endFreeze(parts);
    process.stdout.write(flags['json'] === true ? `${JSON.stringify(findings, null, 2)}\n` : written(findings));
    if (problemsOf(findings).length > 0) process.exitCode = 1;
  });
}

async function checkedReport(parts: StorageParts, asked: unknown): Promise<CheckedReport | undefined> {
  const id = typeof asked === 'string' && asked !== 'last' ? asked : undefined;
  const checked = await checkReport({ em: parts.orm.em.fork() }, id);
  if (!checked && id !== undefined) throw new Error(`there is no report ${id}`);
  return checked;
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

function problemsOf({ report, disagreements, contradictions, losses, damaged }: Findings): string[] {
  return [
    ...(report?.problems ?? []).map((line) => `run ${report?.run ?? ''}: ${line}`),
    ...disagreements.map((one) => `not sure whether anything keeps the manifest ${nameOf(one)}`),
    ...contradictions,
    ...losses,
    ...damaged.map(({ digest, problem }) => `the bytes of ${digest} are ${problem}; it is quarantined, push it again`),
  ];
}

function written(findings: Findings): string {
  const problems = problemsOf(findings);
  const { report } = findings;
  const verdict = problems.length === 0 ? 'Everything is as it should be.' : `${problems.length} problems.`;
  return (
    (report ? `Run ${report.run} deleted ${report.deleted} things; derived once more.\n` : '') +
    `Checked ${findings.checkedBlobs} blobs with ${findings.checkedBytes} bytes.\n` +
    `${problems.map((line) => `${line}\n`).join('')}${verdict}\n`
  );
}
