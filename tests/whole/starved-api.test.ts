import path from 'node:path';
import { runningPostgres } from '@escale/cli/embedded';
import { createOrm, type Orm } from '@escale/schema/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applicationToken } from '../support/application-token.ts';
import { OciClient } from '../support/oci.ts';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** Registry and health do not depend on the connections of the API, nor does one of its users on those of another for ever. */
let stack: Stack;
let database: Orm;
let alice: SignedIn;
let client: OciClient;

beforeAll(async () => {
  stack = await startStack({
    environment: {
      ESCALE_DATABASE_CONNECT_TIMEOUT_SECONDS: '2',
      ESCALE_DATABASE_LOCK_TIMEOUT_SECONDS: '8',
      ESCALE_DATABASE_CONNECTIONS: '8',
    },
  });
  const databaseUrl = await runningPostgres(path.join(stack.dataDir, 'database'));
  database = await createOrm({ databaseUrl: databaseUrl ?? '', poolSize: 1 });
  alice = await signIn(stack, 'alice');
  client = new OciClient(stack.url, await applicationToken(alice, 'test'));
});
afterAll(async () => {
  await database.close(true);
  await stack.stop();
});

interface Readiness {
  readonly status: string;
  readonly checks: Readonly<Record<string, { readonly status: string; readonly message?: string }>>;
}

async function readiness(): Promise<[number, Readiness]> {
  const answer = await fetch(`${stack.url}/health/ready`);
  return [answer.status, (await answer.json()) as Readiness];
}

test('pulls, pushes and health go on while every connection of the API waits', async () => {
  const { digest } = await client.pushImage('alice/app', '1');
  const star = () =>
    alice.jar.fetch(`${stack.url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'x-escale-csrf': '1', Origin: stack.url },
      body: JSON.stringify({
        query: 'mutation { setStar(input: { repository: "alice/app", starred: true }) { __typename } }',
      }),
    });
  const answers: Promise<Response>[] = [];
  const connection = database.em.getConnection();
  await connection.transactional(async (transaction) => {
    await connection.execute('lock table stars', [], 'run', transaction);
    for (let request = 0; request < 20; request += 1) answers.push(star());
    await expect.poll(async () => (await readiness())[1].status).toBe('degraded');
    const [status, { checks }] = await readiness();
    expect([status, checks['database']?.status, checks['registryConnections']?.status]).toEqual([200, 'ok', 'ok']);
    expect(checks['apiConnections']).toMatchObject({
      status: 'degraded',
      message: expect.stringMatching(/all \d+ database connections of the api are busy/) as unknown,
    });
    expect(await client.pullImage('alice/app', '1')).toBe(digest);
    expect(await client.pushImage('alice/app', '2')).toHaveProperty('digest');
    // Whoever waits for a connection is told so, and is not kept.
    const refused = await Promise.any(
      answers.map(async (answer) => {
        const response = await answer;
        if (response.status !== 503) throw new Error(String(response.status));
        return response;
      }),
    );
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.text()).toContain('too much to do');
  });
  // Nothing stays behind: the same connections serve the next request.
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect((await star()).status).toBe(200);
  expect((await readiness())[1].status).toBe('ok');
});
