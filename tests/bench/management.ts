// Times the management API on a large registry: `npm run build && node --conditions=escale:source tests/bench/management.ts [rounds]`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '@escale/cli/embedded';
import { fillLargeRegistry } from '@escale/schema/testing';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { startStack } from '../support/stack.ts';

const size = { organizations: 500, repositories: 100_000, grants: 500 };
const rounds = Number(process.argv[2] ?? 300);

/** What people look at all day, and how long the slowest of a hundred may take, in milliseconds. */
const questions: readonly (readonly [string, 'alice' | 'admin', string, number])[] = [
  [
    'own repositories, the latest pushed first',
    'alice',
    '{ repositories(first: 30, orderBy: LAST_PUSHED) { ...page } }',
    60,
  ],
  ['own repositories by name', 'alice', '{ repositories(first: 30) { ...page } }', 60],
  ['repositories of an organization', 'alice', '{ repositories(namespace: "large-0003", first: 30) { ...page } }', 60],
  ['search in repositories', 'alice', '{ repositories(search: "app-0012", first: 30) { ...page } }', 60],
  ['search everywhere', 'alice', '{ search(text: "large-01", first: 20) { __typename } }', 60],
  ['search that finds nothing', 'alice', '{ search(text: "nowhere", first: 20) { __typename } }', 60],
  ['all repositories, of an administrator', 'admin', '{ repositories(search: "app", first: 30) { ...page } }', 60],
  [
    'the page of an organization',
    'alice',
    `{ organization(name: "large-0003") { name description viewerRole contactEmail storedBytes
         teams(first: 30) { totalCount nodes { name role } } members(first: 30) { totalCount nodes { principal { __typename } teams { name } } }
         robots(first: 30) { totalCount nodes { login lastUsedAt tokens { id } } } repositories(first: 30) { ...page } } }`,
    100,
  ],
];
const fragment = `fragment page on RepositoryConnection { totalCount pageInfo { hasNextPage endCursor }
  nodes { name path visibility description lastPushedAt starred viewerRole storedBytes namespace { name } } }`;

const folder = await mkdtemp(path.join(tmpdir(), 'escale-management-'));
const postgres = await startPostgres({ folder: path.join(folder, 'database') });
const stack = await startStack({
  quiet: true,
  environment: { ESCALE_DATABASE_URL: postgres.url, ESCALE_SECRET_KEY: 'a key for a benchmark that nobody else uses' },
}).catch(async (error: unknown) => {
  await postgres.stop();
  throw error;
});
try {
  const people: Record<'alice' | 'admin', SignedIn> = {
    alice: await signIn(stack, 'alice'),
    admin: await signIn(stack, 'admin', { confirm: false }),
  };
  // Its name at the provider is reserved here.
  await people.admin.ask('mutation { confirmUsername(input: { username: "boss" }) { viewer { id } } }');
  const begun = performance.now();
  await fillLargeRegistry(postgres.url, 'alice', size);
  console.log(`${JSON.stringify(size)} made in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  let missed = 0;
  for (const [what, who, question, limit] of questions) {
    const document = question.includes('...page') ? `${question} ${fragment}` : question;
    const times: number[] = [];
    for (let round = 0; round < rounds + 20; round += 1) {
      const asked = performance.now();
      await people[who].ask(document);
      // The first ones warm up what every process warms up once.
      if (round >= 20) times.push(performance.now() - asked);
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.max(Math.ceil(times.length * share) - 1, 0)] ?? 0;
    if (at(0.99) > limit) missed += 1;
    console.log(
      `${what}: fastest ${at(0).toFixed(1)} ms, p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms (at most ${String(limit)})${at(0.99) > limit ? '  MISSED' : ''}`,
    );
  }
  process.exitCode = missed > 0 ? 1 : 0;
} finally {
  await stack.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
