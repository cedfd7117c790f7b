import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAnswer, startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';

const known = 'a'.repeat(64);
const foreign = 'b'.repeat(64);
const tooDeep = 'c'.repeat(64);
let api: TestApi;
let alice: Caller;

beforeAll(async () => {
  api = await startTestApi({
    trustedDocuments: new Map([
      [known, 'query Who($text: String!) { viewer { username } search(text: $text, first: 5) { __typename } }'],
      [
        tooDeep,
        `{ repositories { nodes ${'{ namespace { repositories { nodes '.repeat(4)}{ name }${' } } }'.repeat(4)} } }`,
      ],
    ]),
  });
  alice = await api.signIn({ name: 'alice' });
});
afterAll(() => api.close());

async function send(body: object, caller = alice): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-escale-csrf': '1', origin: api.url };
  return readAnswer(await caller.fetch('/graphql', { method: 'POST', headers, body: JSON.stringify(body) }));
}
const refusal = ({ status, errors }: Answer) => [status, errors.map(({ extensions }) => extensions.code)];

test('a document of the console is named by its id, and runs as the caller', async () => {
  const { status, data } = await send({ documentId: known, variables: { text: 'nobody' } });
  expect([status, data]).toEqual([200, { viewer: { username: 'alice' }, search: [] }]);
  expect(refusal(await send({ documentId: known, variables: {} }))).toEqual([400, ['BAD_USER_INPUT']]);
  const nobody = await send({ documentId: known, variables: { text: 'x' } }, api.caller());
  expect(nobody.data).toEqual({ viewer: null, search: [] });
});

test('an id that this build does not know is 400, whatever stands in its place (G15)', async () => {
  for (const documentId of [foreign, known.toUpperCase(), '', '__proto__', 'constructor', 7, null, [known], { known }])
    expect([documentId, ...refusal(await send({ documentId, variables: {} }))]).toEqual([
      documentId,
      400,
      ['DOCUMENT_UNKNOWN'],
    ]);
  const both = await send({ documentId: known, query: '{ viewer { username } }', variables: { text: 'x' } });
  expect(refusal(both)).toEqual([400, ['BAD_REQUEST']]);
});

test('it is bounded as any other document, which can still be sent as a text', async () => {
  expect((await send({ documentId: tooDeep })).status).toBe(400);
  expect((await alice.graphql('{ viewer { username } }')).data).toEqual({ viewer: { username: 'alice' } });
});
