import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openAcme, type AcmeScene } from '../testing/acme-scene.ts';

/** What a person reads when a sign-in is refused. */
let acme: AcmeScene;
let token: string;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
  token = passwordOf(acme.writer);
});
afterAll(() => acme.close());

const passwordOf = (header: string) => Buffer.from(header.slice(6), 'base64').toString().split(':')[1] ?? '';
const basic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
const refused = async (path: string, as: string | undefined) => {
  const answer = await acme.send('GET', path, as === undefined ? {} : { as });
  const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] };
  return { status: answer.status, code: errors[0]?.code, message: errors[0]?.message ?? '' };
};
const messageFor = async (username: string, password: string) =>
  (await refused('/v2/auth?service=x', basic(username, password))).message;

// First: from the eleventh failure on, the answer is 429.
test.each([
  ['/v2/', undefined],
  ['/v2/acme/absent/tags/list', undefined],
  ['/v2/', 'Bearer nonsense'],
  ['/v2/', 'Digest nonsense'],
  ['/v2/', basic('alice', 'secret')],
  ['/v2/auth', basic('$app', 'nonsense')],
  ['/v2/acme/app/manifests/1', basic('acme+ghost', 'nonsense')],
])('%s (%s) begins with the words that clients look for', async (path, as) => {
  expect(await refused(path, as)).toEqual({
    status: 401,
    code: 'UNAUTHORIZED',
    // Never these words alone: the docker engine would repeat the request for a minute.
    message: expect.stringMatching(/^authentication required: \S/) as string,
  });
});

describe('the reason is still told when the source has failed too often', () => {
  beforeAll(async () => {
    for (let tries = 0; tries < 12; tries += 1) await messageFor('$app', 'nonsense');
  });

  test('the reason of this very try, and how long to wait', async () => {
    const { status, code, message } = await refused('/v2/auth', basic('alice', 'secret'));
    expect([status, code]).toEqual([429, 'TOOMANYREQUESTS']);
    expect(message).toMatch(/user names and passwords of people do not work here: create an application token/);
    expect(message).toMatch(/wait \d+ minutes/);
    expect((await refused('/v2/', basic('$app', 'nonsense'))).message).toContain('not an application token');
  });

  test.each(['', 'alice', 'app', '\\$app', '%24app', "'$app'", '$APP', 'acme+robot', '$oauthtoken'])(
    'a valid application token under the user name "%s" is answered with the right one',
    async (username) => {
      expect(await messageFor(username, token)).toContain('the user name is $app, in single quotes');
    },
  );

  test('a valid robot token under another user name is answered with the form of the right one', async () => {
    const robot = passwordOf(await acme.registry.robotToken(acme.alice, 'acme', 'ci'));
    for (const username of ['', 'alice', '$app', '$oauthtoken'])
      expect(await messageFor(username, robot)).toContain('the user name is the name of its robot, as namespace+name');
  });

  test('an application token with one wrong character, wherever it is, is called malformed', async () => {
    const altered = [0, 2, 3, 5, 7, 8, 30, 31, 60, 74, 75, 80].map(
      (at) => token.slice(0, at) + (token[at] === 'x' ? 'y' : 'x') + token.slice(at + 1),
    );
    altered.push(token.slice(0, -1), token.slice(1), token.slice(0, 40), `${token}x`, `'${token}'`, ` ${token}`);
    for (const text of altered)
      expect([text, await messageFor('$app', text)]).toEqual([
        text,
        expect.stringContaining('malformed application token'),
      ]);
    expect(await messageFor('acme+ci', token.replace('esc_app', 'esc_rob'))).toContain('malformed robot token');
    expect(await messageFor('alice', `${token}x`)).toContain('malformed application token');
  });

  test('no message repeats what was sent', async () => {
    for (const text of [token, `${token}x`, 'hunter2-hunter2'])
      expect(await messageFor('alice', text)).not.toContain(text.slice(20, 40) || text);
  });

  test('a token of ours as bearer is answered with where it belongs', async () => {
    const { status, message } = await refused('/v2/', `Bearer ${token}`);
    expect([status, message]).toEqual([401, expect.stringContaining('send it as password')]);
  });
});
