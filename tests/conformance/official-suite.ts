// Runs the official conformance suite of the distribution specification, every optional item of its development version on,
// against the started product: both stores, with an application token and with a robot. Ends with `N passed, N failed`.
//   npm run test:conformance [-- --blob-store filesystem|azurite] [-- --as application-token|robot]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';

const root = path.resolve(import.meta.dirname, '../..');
const suite = 'github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111';
const cache = path.join(root, '.cache/conformance', suite.slice(suite.indexOf('@') + 1));

const stores = ['filesystem', 'azurite'] as const;
const callers = ['application-token', 'robot'] as const;

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** How one case of the suite ended; the suite says so in an attribute alone. */
interface Case {
  readonly name: string;
  readonly status: 'passed' | 'failure' | 'error' | 'skipped';
  readonly why: string;
}

/** The suite's program, built once and kept. @returns undefined, with one line for a person, where that is not possible */
function install(): string | undefined {
  const program = path.join(cache, 'conformance');
  if (existsSync(program)) return program;
  if (spawnSync('go', ['version']).status !== 0) {
    console.error(
      'escale: the conformance suite needs Go 1.24 or later: apt-get install golang-go, or https://go.dev/dl',
    );
    return undefined;
  }
  mkdirSync(cache, { recursive: true });
  const { status } = spawnSync('go', ['install', suite], {
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
    env: { ...process.env, GOBIN: cache },
  });
  if (status === 0) return program;
  console.error('escale: go could not install the conformance suite; its messages are above');
  return undefined;
}

const newToken = 'credentials { username password }';

/** A person, pushing to a namespace of their own: the suite's first pushes make the repositories. */
async function applicationToken(alice: SignedIn): Promise<Credentials> {
  const { createApplicationToken } = await alice.ask<{ createApplicationToken: { credentials: Credentials } }>(
    `mutation { createApplicationToken(input: { title: "conformance" }) { ${newToken} } }`,
  );
  return createApplicationToken.credentials;
}

/** A robot with the role write on two repositories, and nothing else. */
async function robot(alice: SignedIn, repositories: readonly string[]): Promise<Credentials> {
  const { createRobot } = await alice.ask<{ createRobot: { credentials: Credentials } }>(
    `mutation { createRobot(input: { namespace: "alice", name: "conformance" }) { ${newToken} } }`,
  );
  for (const name of repositories) {
    await alice.ask(`mutation ($name: String!) { createRepository(input: { name: $name }) { repository { name } } }`, {
      name,
    });
    await alice.ask(
      `mutation ($input: SetRepositoryPermissionInput!) { setRepositoryPermission(input: $input) { permission { role } } }`,
      { input: { repository: name, grantee: { robot: createRobot.credentials.username }, role: 'WRITE' } },
    );
  }
  return createRobot.credentials;
}

async function run(program: string, stack: Stack, repositories: readonly string[], by: Credentials): Promise<Case[]> {
  const results = path.join(stack.dataDir, `conformance-${String(Date.now())}`);
  const child = spawn(program, [], {
    cwd: stack.dataDir,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      OCI_VERSION: 'dev',
      OCI_REGISTRY: stack.host,
      OCI_TLS: 'disabled',
      OCI_REPO1: repositories[0],
      OCI_REPO2: repositories[1],
      OCI_USERNAME: by.username,
      OCI_PASSWORD: by.password,
      OCI_RESULTS_DIR: results,
      OCI_LOG: 'error',
    },
  });
  await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject));
  return readCases(readFileSync(path.join(results, 'junit.xml'), 'utf8'));
}

function readCases(xml: string): Case[] {
  return [...xml.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)].map(([, attributes = '', body = '']) => ({
    name: /name="([^"]*)"/.exec(attributes)?.[1] ?? '',
    status: (/status="([^"]*)"/.exec(attributes)?.[1] ?? 'error') as Case['status'],
    why: /<system-out>(.*?)<\/system-out>/s.exec(body)?.[1] ?? '',
  }));
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { 'blob-store': { type: 'string' }, as: { type: 'string' } } });
  const program = install();
  if (program === undefined) return 1;
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const blobStore of stores.filter((store) => [undefined, store].includes(values['blob-store'] as typeof store))) {
    const stack = await startStack({ blobStore });
    try {
      const alice = await signIn(stack, 'alice');
      for (const as of callers.filter((caller) => [undefined, caller].includes(values.as as typeof caller))) {
        const repositories = [`alice/${as}/one`, `alice/${as}/two`];
        const by = as === 'robot' ? await robot(alice, repositories) : await applicationToken(alice);
        const cases = await run(program, stack, repositories, by);
        const count = (...statuses: Case['status'][]) => cases.filter(({ status }) => statuses.includes(status)).length;
        const [passed, failed, skipped] = [count('passed'), count('failure', 'error'), count('skipped')];
        console.log(
          `${blobStore}, ${as}: ${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`,
        );
        for (const { name, status, why } of cases)
          if (status !== 'passed') console.log(`  ${status}: ${name}\n    ${why}`);
        total.passed += passed;
        // A suite that stopped before its first case has failed.
        total.failed += passed + failed === 0 ? 1 : failed;
        total.skipped += skipped;
      }
    } finally {
      await stack.stop();
    }
  }
  const { passed, failed, skipped } = total;
  console.log(`${String(passed)} passed, ${String(failed)} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ''}`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

process.exitCode = await main();
