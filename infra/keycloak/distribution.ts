import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

const version = '26.7.3';
const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:tar.gz`;
const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
const javaNeeded = 17;

/** Keycloak reads these once and keeps what it made of them beside its program. */
const buildOptions = ['--db=dev-file', '--health-enabled=true'];

/** A folder of the project that git ignores; it has one for each version. */
const ownCache = path.resolve(import.meta.dirname, '../../.cache/keycloak');

/**
 * Gets Keycloak's own distribution through Maven, unpacks and builds it: once, then it is kept.
 * @param cache where it is kept
 * @returns its folder
 * @throws Error with the one line that says what to install, when Java or Maven is missing
 */
export function installKeycloak(cache = ownCache): string {
  const home = path.join(cache, version);
  const built = existsSync(home);
  const missing = [
    ...(javaVersion() >= javaNeeded ? [] : [`Java ${String(javaNeeded)} or later`]),
    ...(built || succeeds('mvn', ['--version']) ? [] : ['Maven']),
  ];
  if (missing.length > 0) {
    const remedy = `apt-get install openjdk-${String(javaNeeded)}-jre-headless maven`;
    throw new Error(`Keycloak needs ${missing.join(' and ')}: \`${remedy}\`, or what your system calls them`);
  }
  if (built) return home;
  mkdirSync(cache, { recursive: true });
  // Made beside its place and moved there whole: an interrupted installation leaves nothing that looks finished.
  const work = mkdtempSync(path.join(cache, 'installing-'));
  try {
    console.error(`Getting Keycloak ${version} …`);
    const copied = path.join(work, 'download');
    must('mvn', ['-B', '-ntp', '-q', copyGoal, `-Dartifact=${artifact}`, `-DoutputDirectory=${copied}`]);
    const unpacked = path.join(work, 'keycloak');
    mkdirSync(unpacked);
    const archive = path.join(copied, `keycloak-quarkus-dist-${version}.tar.gz`);
    must('tar', ['-xzf', archive, '-C', unpacked, '--strip-components=1']);
    must(program(unpacked), ['build', ...buildOptions]);
    renameSync(unpacked, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return home;
}

/** The command of a folder that `installKeycloak` returned. */
export function program(home: string): string {
  return path.join(home, 'bin', 'kc.sh');
}

/** The major version of the Java that Keycloak's own script would take; 0 where there is none. */
function javaVersion(): number {
  const home = process.env['JAVA_HOME'];
  const java = home ? path.join(home, 'bin/java') : 'java';
  const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  const [, major, minor] = /version "(\d+)(?:\.(\d+))?/.exec(stderr ?? '') ?? [];
  return Number(major === '1' ? minor : (major ?? 0));
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function must(command: string, args: readonly string[]): void {
  const options: SpawnSyncOptions = { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (status === 0) return;
  throw new Error(`\`${command} ${args.join(' ')}\` failed:\n${String(error ?? '')}${String(stdout)}${String(stderr)}`);
}
