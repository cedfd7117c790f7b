import { RegistrySettings } from '@escale/schema/entities';
import { requireAdministrator } from '../access/require-administrator.ts';
import type { Context } from '../context.ts';
import { denied, inputInvalid } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { checkRetention } from '../usage-logs/log-retention.ts';
import { recordUsage } from '../usage-logs/record.ts';

/** What administrators decide for the whole registry. */
export interface RegistryDefaults {
  /** Seconds, ascending. */
  readonly timeMachineChoices: readonly number[];
  /** Of new namespaces, in seconds. */
  readonly timeMachineSeconds: number;
  /** Days that a token may live at most; null for no ceiling. */
  readonly applicationTokenDays: number | null;
  readonly robotTokenDays: number | null;
  readonly apiTokenDays: number | null;
  readonly organizationCreation: 'everyone' | 'administrators';
  /** Null for ever. */
  readonly logRetentionDays: number | null;
}

const day = 24 * 60 * 60;

/** Until an administrator says otherwise. */
export const initialDefaults: RegistryDefaults = {
  timeMachineChoices: [0, day, 7 * day, 14 * day, 28 * day],
  timeMachineSeconds: 14 * day,
  applicationTokenDays: null,
  robotTokenDays: null,
  apiTokenDays: null,
  organizationCreation: 'everyone',
  logRetentionDays: null,
};

const row = 'registry';
/** What null takes away; of the others, null says nothing. */
const nullable = new Set(['applicationTokenDays', 'robotTokenDays', 'apiTokenDays', 'logRetentionDays']);

/** As they are now; some of it is public (the choices of a form), so whoever asks decides what to show. */
export async function registrySettings({ em }: Pick<Context, 'em'>): Promise<RegistryDefaults> {
  const found = await em.findOne(RegistrySettings, { id: row });
  if (!found) return initialDefaults;
  return {
    timeMachineChoices: found.timeMachineChoices,
    timeMachineSeconds: found.timeMachineSeconds,
    applicationTokenDays: found.applicationTokenDays ?? null,
    robotTokenDays: found.robotTokenDays ?? null,
    apiTokenDays: found.apiTokenDays ?? null,
    organizationCreation: found.organizationCreation,
    logRetentionDays: found.logRetentionDays ?? null,
  };
}

/** Changes what is named and leaves the rest. @throws DENIED to all but administrators, INPUT_INVALID with the field at fault */
export async function updateRegistrySettings(
  ctx: Context,
  changes: { readonly [Name in keyof RegistryDefaults]?: RegistryDefaults[Name] | null | undefined },
): Promise<RegistryDefaults> {
  requireAdministrator(ctx);
  const named = Object.fromEntries(
    Object.entries(changes).filter(([name, value]) => value !== undefined && (value !== null || nullable.has(name))),
  );
  return inTransaction(ctx, (inner) => store(inner, named), { clear: true });
}

async function store(ctx: Context, named: Partial<RegistryDefaults>): Promise<RegistryDefaults> {
  // Administrators take turns, also for the first row, which does not exist yet: each changes what the other has left.
  await ctx.em.execute(`select pg_advisory_xact_lock(hashtextextended('registry settings', 0))`);
  const after = check({ ...(await registrySettings(ctx)), ...named });
  const columns = { ...after, timeMachineChoices: [...after.timeMachineChoices], changedAt: ctx.now };
  const found = await ctx.em.findOne(RegistrySettings, { id: row });
  if (found) ctx.em.assign(found, columns);
  else ctx.em.create(RegistrySettings, { id: row, ...columns });
  recordUsage(ctx, 'registry.settings_changed', { details: { changed: Object.keys(named), ...named } });
  await ctx.em.flush();
  return after;
}

/** @throws DENIED where administrators alone make organizations */
export async function requireMayCreateOrganizations(ctx: Context): Promise<void> {
  const { organizationCreation } = await registrySettings(ctx);
  if (organizationCreation === 'everyone') return;
  if (ctx.principal.kind === 'user' && ctx.principal.isAdministrator) return;
  throw denied('only administrators of this registry create organizations; ask one of them');
}

function check(settings: RegistryDefaults): RegistryDefaults {
  const { timeMachineChoices: given, timeMachineSeconds } = settings;
  const choices = [...new Set(given)].sort((a, b) => a - b);
  const fits = (seconds: number) => Number.isInteger(seconds) && seconds >= 0 && seconds <= 365 * day;
  if (choices.length < 1 || choices.length > 10 || !choices.every(fits))
    throw inputInvalid('timeMachineChoices', 'name 1 to 10 durations of 0 seconds to 365 days');
  if (!choices.includes(timeMachineSeconds))
    throw inputInvalid('timeMachineSeconds', 'the default must be one of the choices');
  for (const field of ['applicationTokenDays', 'robotTokenDays', 'apiTokenDays'] as const) {
    const days = settings[field];
    if (days !== null && (!Number.isInteger(days) || days < 1 || days > 3650))
      throw inputInvalid(field, 'a ceiling is 1 to 3650 days, or absent');
  }
  return {
    ...settings,
    timeMachineChoices: choices,
    logRetentionDays: checkRetention(settings.logRetentionDays, 'logRetentionDays'),
  };
}
