import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  await alice.graphql(
    `mutation { createOrganization(input: { name: "acme" }) { organization { id } }
       createRepository(input: { name: "acme/app" }) { repository { id } }
       createRobot(input: { namespace: "acme", name: "ci" }) { robot { id } }
       createTeam(input: { organization: "acme", name: "dev" }) { team { id } } }`,
  );
});
afterAll(() => api.close());

test('the answer of each mutation of one request shows what it has made of things, not what the one before has read', async () => {
  const stars = 'repository { starred viewerRole }';
  const { data, errors } = await alice.graphql(
    `mutation {
       before: setStar(input: { repository: "acme/app", starred: true }) { ${stars} }
       after: setStar(input: { repository: "acme/app", starred: false }) { ${stars} }
     }`,
  );
  expect(errors).toEqual([]);
  expect(data).toEqual({
    before: { repository: { starred: true, viewerRole: 'ADMIN' } },
    after: { repository: { starred: false, viewerRole: 'ADMIN' } },
  });
});

test('what a mutation changed is read anew by another that is about something else', async () => {
  const robot = 'robot { description teams { name } }';
  const { data, errors } = await alice.graphql(
    `mutation {
       alone: updateRobot(input: { robot: "acme+ci", description: "one" }) { ${robot} }
       joined: addTeamMember(input: { organization: "acme", team: "dev", member: "acme+ci" }) { team { name } }
       member: updateRobot(input: { robot: "acme+ci", description: "two" }) { ${robot} }
     }`,
  );
  expect(errors).toEqual([]);
  expect(data).toMatchObject({
    alone: { robot: { description: 'one', teams: [] } },
    member: { robot: { description: 'two', teams: [{ name: 'dev' }] } },
  });
});
