import { readReport, type GarbageReport } from '@escale/domain/garbage';
import { collectGarbage, defaultGraceSeconds, purgeUploads } from '@escale/registry/jobs';
import { onStorage, sharedHelp } from './storage-command.ts';

const help = `escale gc: deletes what nothing keeps and uploads that nobody went on with for a day, or says what that would be; works while the product runs

  --dry-run        finds, and deletes nothing
  --grace HOURS    how long nothing must have listed a blob (24)
  --report ID      prints an earlier run, \`last\` for the latest, and runs nothing
${sharedHelp}`;

/** Runs the collector once, or shows what a run did. @throws Error with one line for a person */
export async function gc(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const options = {
    'dry-run': { type: 'boolean' },
    grace: { type: 'string' },
    report: { type: 'string' },
  } as const;
  await onStorage(args, environment, options, help, async ({ flags, parts, progress }) => {
    const { report: asked } = flags;
    const id =
      typeof asked === 'string'
        ? asked
        : await collectGarbage(parts, {
            dryRun: flags['dry-run'] === true,
            graceSeconds: seconds(flags['grace']),
            onProgress: progress,
          });
    if (asked === undefined && flags['dry-run'] !== true) await purgeUploads(parts);
    const report = await readReport({ em: parts.orm.em.fork() }, id === 'last' ? undefined : id);
    if (!report) throw new Error(`there is no report ${id}`);
    process.stdout.write(flags['json'] === true ? `${JSON.stringify(report, null, 2)}\n` : written(report));
  });
}

function seconds(hours: unknown): number {
  if (typeof hours !== 'string') return defaultGraceSeconds;
  const value = Number(hours);
  if (hours.trim() === '' || !Number.isFinite(value) || value < 0 || value > 24 * 365) {
    throw new Error('--grace is a number of hours, 0 or more');
  }
  return Math.round(value * 3600);
}

function written(report: GarbageReport): string {
  const { id, dryRun, roots, items, startedAt, finishedAt } = report;
  const lines = [
    `${dryRun ? 'Dry run' : 'Run'} ${id}, ${startedAt.toISOString()}${finishedAt ? '' : ', which did not end'}`,
    `Kept by: ${roots.tags} tags, ${roots.restorable} lifetimes that can be restored, ${roots.holds} holds, ${roots.leases} leases`,
    ...items.map(
      ({ kind, outcome, repository, digest, size, reason, lastReferencedAt }) =>
        `${outcomeWord[outcome]} ${kind} ${repository === undefined ? '' : `${repository}@`}${digest} (${size} bytes): ${reason}` +
        (lastReferencedAt ? `; last needed ${lastReferencedAt.toISOString()}` : ''),
    ),
    `${dryRun ? 'Would free' : 'Freed'} ${report.bytesFreed} bytes.`,
  ];
  return `${lines.join('\n')}\n`;
}

const outcomeWord = { planned: 'would delete', deleted: 'deleted', kept: 'kept' } as const;
