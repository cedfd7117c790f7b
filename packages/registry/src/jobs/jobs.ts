import { forgetRightsChanges } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import { endExpiredTags, trimTagHistory } from '@escale/domain/content';
import { rewrapSecrets } from '@escale/domain/credentials';
import { bytesFreed } from '@escale/domain/garbage';
import { followGroups, type GroupsToFollow } from '@escale/domain/groups';
import { purgeDeletedNamespaces } from '@escale/domain/namespaces';
import { purgeUsage } from '@escale/domain/usage-logs';
import type { RegistryParts } from '../services.ts';
import { CollectionFrozen, collectGarbage } from './collect-garbage.ts';
import { purgeUploads } from './purge-uploads.ts';
import { scrubSlice } from './scrub-blobs.ts';

/** What a job is given. */
export interface JobParts extends Pick<
  RegistryParts,
  'orm' | 'vault' | 'blobStore' | 'logger' | 'counters' | 'faults'
> {
  /** Ends when the process is to end: a long job stops between two of its steps. */
  readonly signal: AbortSignal;
  /** Absent where the identity provider cannot be asked about its groups. */
  readonly groups?: GroupsToFollow;
}

interface Job {
  /** Minute, hour, day, month, day of the week, in UTC. */
  readonly cron: string;
  readonly run: (parts: JobParts) => Promise<void>;
}

/**
 * The background work on one screen. One process of an installation runs a job at a time; a run that fails is reported, and
 * the next one comes at its time. Whatever a job leaves undone, its next run does.
 */
// prettier-ignore
export const jobs = {
  'end-expired-tags': { cron: '* * * * *',                run: whileAny((parts) => endExpiredTags(systemContext(parts))) },
  'forget-rights':    { cron: '* * * * *',                run: async ({ orm }) => { await forgetRightsChanges({ em: orm.em.fork() }); } },
  'follow-groups':    { cron: '* * * * *',                run: follow },
  'purge-uploads':    { cron: '*/10 * * * *',             run: async (parts) => { await purgeUploads(parts); } },
  'purge-deleted':    { cron: '7,37 * * * *',             run: async (parts) => { await purgeDeletedNamespaces(systemContext(parts)); } },
  'scrub-blobs':      { cron: '5,15,25,35,45,55 * * * *', run: scrub },
  'collect-garbage':  { cron: '17 * * * *',               run: collect },
  'rewrap-secrets':   { cron: '3 * * * *',                run: rewrap },
  'purge-usage':      { cron: '23 * * * *',               run: purgeLogs },
  'trim-tag-history': { cron: '43 3 * * *',               run: trimHistory },
} satisfies Readonly<Record<string, Job>>;

export const jobNames: readonly string[] = Object.keys(jobs);

/** The same step until it has nothing more to do. */
function whileAny(step: (parts: JobParts) => Promise<number>): Job['run'] {
  return async (parts) => {
    while (!parts.signal.aborted && (await step(parts)) > 0);
  };
}

async function scrub(parts: JobParts): Promise<void> {
  for (const { digest, problem } of await scrubSlice(parts)) {
    parts.logger.error({ digest, problem }, 'a blob is quarantined: pushing it again heals it');
  }
}

async function collect(parts: JobParts): Promise<void> {
  try {
    const run = await collectGarbage(parts, { signal: parts.signal });
    parts.logger.info({ run }, 'collected garbage; `escale gc --report` shows what');
    parts.counters?.garbageRun('done', await bytesFreed({ em: parts.orm.em.fork() }, run));
  } catch (error) {
    const frozen = error instanceof CollectionFrozen;
    if (!parts.signal.aborted) parts.counters?.garbageRun(frozen ? 'frozen' : 'failed', 0);
    if (!frozen) throw error;
    parts.logger.warn({}, error.message);
  }
}

/** Seals anew what former keys have sealed. */
async function rewrap({ orm, vault, logger }: JobParts): Promise<void> {
  const { rewrapped, unopenable } = await rewrapSecrets({ em: orm.em.fork(), vault });
  if (rewrapped > 0) logger.info({ rewrapped }, 'secrets of a former key were sealed anew');
  if (unopenable.length > 0) logger.error({ rows: unopenable.slice(0, 20) }, 'secrets that no given key opens');
}

/** Brings and takes rights with the groups of the identity provider; while it does not answer, everything stays as it is. */
async function follow(parts: JobParts): Promise<void> {
  if (!parts.groups) return;
  const done = await followGroups(systemContext(parts), parts.groups, { signal: parts.signal });
  if (!done) return;
  for (const reason of done.failures) {
    parts.logger.warn(
      { reason },
      'groups of the identity provider cannot be followed at the moment; nobody loses anything by it',
    );
  }
  if (done.suspended > 0)
    parts.logger.info({ people: done.suspended }, 'people whom the identity provider refuses are suspended');
  if (done.changed > 0)
    parts.logger.info({ people: done.changed }, 'rights followed the groups of the identity provider');
}

async function purgeLogs({ orm, logger }: JobParts): Promise<void> {
  const purged = await purgeUsage({ em: orm.em.fork(), now: new Date() });
  if (purged > 0) logger.info({ purged }, 'usage log entries that are kept no longer were deleted');
}

async function trimHistory({ orm, logger }: JobParts): Promise<void> {
  const trimmed = await trimTagHistory({ em: orm.em.fork(), now: new Date() });
  if (trimmed.lifetimes + trimmed.events > 0) logger.info({ trimmed }, 'the history of tags was trimmed');
}

/** Nobody asked for it: the product does it by itself. */
function systemContext({ orm, vault, faults }: JobParts): Context {
  return {
    em: orm.em.fork(),
    principal: { kind: 'system', name: 'jobs' },
    now: new Date(),
    vault,
    client: {},
    ...(faults && { faults }),
  };
}
