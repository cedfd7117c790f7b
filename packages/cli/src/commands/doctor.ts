import { parseArgs } from 'node:util';
import { text } from 'node:stream/consumers';
import { DirectoryUnavailable } from '@escale/domain/groups';
import { ConfigError, readConfig } from '@escale/server-kit/config';
import { deriveConfig, escaleConfig, type EscaleConfig } from '../config.ts';
import { checkProvider } from '../doctor/check-provider.ts';
import { checkSignIn, type TrialPerson } from '../doctor/check-sign-in.ts';
import { checkBlobStore, checkDatabase } from '../doctor/check-storage.ts';
import { failed, notChecked, ok, type Finding } from '../doctor/finding.ts';
import { dataFolderOf } from '../embedded/data-folder.ts';
import { people } from '../embedded/demo-people.ts';
import { groupsToFollow } from '../groups-to-follow.ts';
import { demoSettings } from '../rooms.ts';

const help = `escale doctor: looks at the configuration and at everything that it names, and says what to do about what is wrong

  --user NAME      somebody who tries the sign-in, so that audience and groups can be looked at; the password is read from
                   standard input. The demo identity provider is tried by itself.
  --data DIR       the data folder (.escale)
  --blob-store S   filesystem, azurite or azure
  --json           everything as JSON, on standard output
  --help           this text

Changes nothing. Exits with 1 when something is wrong.
`;

/** Prints what it found; the exit code says whether anything is wrong. */
export async function doctor(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const { values: flags } = parseArgs({
    args: [...args],
    options: {
      user: { type: 'string' },
      data: { type: 'string' },
      'blob-store': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (flags.help) {
    process.stdout.write(help);
    return;
  }
  const findings = await examine(
    {
      ...environment,
      ...(flags.data !== undefined && { ESCALE_DATA_DIR: flags.data }),
      ...(flags['blob-store'] !== undefined && { ESCALE_BLOB_STORE: flags['blob-store'] }),
    },
    flags.user,
  );
  const isWell = findings.every(({ outcome }) => outcome !== 'failed');
  process.stdout.write(flags.json ? `${JSON.stringify({ ok: isWell, findings }, null, 2)}\n` : written(findings));
  if (!isWell) process.exitCode = 1;
}

async function examine(environment: NodeJS.ProcessEnv, username: string | undefined): Promise<Finding[]> {
  const read = readEscaleConfig(environment);
  if (!read.config) return read.findings;
  const { config } = read;
  const stored = [await checkDatabase(config), await checkBlobStore(config)];
  return [ok('configuration', config.externalUrl), ...stored, ...(await checkSignInOf(config, username))];
}

function readEscaleConfig(
  environment: NodeJS.ProcessEnv,
): { config: EscaleConfig } | { config?: never; findings: Finding[] } {
  try {
    return { config: deriveConfig(readConfig(escaleConfig, environment)) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const where = error instanceof ConfigError ? 'the README lists what each may be' : 'set what belongs together';
    return { findings: error.message.split('\n').map((line) => failed('configuration', line, where)) };
  }
}

async function checkSignInOf(config: EscaleConfig, username: string | undefined): Promise<Finding[]> {
  const demo = config.oidc
    ? undefined
    : await demoSettings(config, dataFolderOf(config.dataDir)).catch(() => undefined);
  const oidc = config.oidc ?? demo;
  if (!oidc) {
    return [notChecked('issuer', `the demo identity provider, which is made by the first start on ${config.dataDir}`)];
  }
  const client = { ...oidc, redirectUri: `${config.externalUrl}/auth/callback` };
  const { findings, provider } = await checkProvider(client);
  const person = await personWhoTries(username, demo?.password);
  if (provider && person) {
    const apiAudience = config.ESCALE_API_AUDIENCE;
    findings.push(...(await checkSignIn(provider, client, { person, apiAudience })));
  } else {
    const how = provider ? 'say --user NAME, and give the password on standard input' : 'mend the rest first';
    findings.push(...['audience', 'groups'].map((check) => notChecked(check, `seen in a sign-in alone: ${how}`)));
  }
  return [...findings, ...(await checkLook(config))];
}

async function personWhoTries(username: string | undefined, demoPassword?: string): Promise<TrialPerson | undefined> {
  if (username === undefined) {
    // One who is in a group.
    const demo = people.find(({ groups }) => groups.length > 0);
    return demo && demoPassword !== undefined ? { username: demo.username, password: demoPassword } : undefined;
  }
  const typed = demoPassword ?? (await text(process.stdin)).split('\n')[0];
  return { username, password: typed?.trimEnd() ?? '' };
}

/** Whether the groups can be looked at without a sign-in. */
async function checkLook(config: EscaleConfig): Promise<Finding[]> {
  const follow = groupsToFollow(config);
  if (!follow) {
    const how = 'groups take effect at sign-ins; ESCALE_OIDC_SYNC_CLIENT_ID lets them take effect within a minute';
    return [notChecked('look at groups', how)];
  }
  try {
    const administrators = await follow.directory.membersOf(follow.adminGroup);
    return [ok('look at groups', `${String(administrators.length)} administrators in ${follow.adminGroup}`)];
  } catch (error) {
    if (!(error instanceof DirectoryUnavailable)) throw error;
    const fix =
      'the client of ESCALE_OIDC_SYNC_CLIENT_ID needs "Service accounts roles" on, and the role view-users of realm-management';
    return [failed('look at groups', error.message, fix)];
  }
}

const words = { ok: 'ok', failed: 'FAILED', 'not checked': '-' } as const;

function written(findings: readonly Finding[]): string {
  const lines = findings.map(
    ({ check, outcome, message, fix }) =>
      `${words[outcome].padEnd(7)} ${check.padEnd(15)} ${message}\n${fix === undefined ? '' : `${' '.repeat(24)}→ ${fix}\n`}`,
  );
  const wrong = findings.filter(({ outcome }) => outcome === 'failed').length;
  return `${lines.join('')}\n${wrong === 0 ? 'Nothing is wrong.' : `${String(wrong)} of ${String(findings.length)} are wrong.`}\n`;
}
