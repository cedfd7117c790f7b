import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { codeOf, openAcme, type AcmeScene } from '../testing/acme-scene.ts';

let acme: AcmeScene;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
});
afterAll(() => acme.close());

describe('signing in (end-1, token service)', () => {
  test('GET /v2/ without credentials answers 401 with a challenge', async () => {
    const answer = await acme.send('GET', '/v2/');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="${acme.registry.url}/v2/auth",service="${new URL(acme.registry.url).host}"`,
    );
    expect(await codeOf(answer)).toBe('UNAUTHORIZED');
  });

  test('an application token gets a acme.registry token, with which /v2/ answers 200', async () => {
    const answer = await acme.send('GET', '/v2/auth?service=x&scope=repository:acme/app:pull,push', {
      as: acme.writer,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { token, expires_in } = (await answer.json()) as { token: string; expires_in: number };
    expect(expires_in).toBeGreaterThanOrEqual(60);
    expect((await acme.send('GET', '/v2/', { as: `Bearer ${token}` })).status).toBe(200);
  });

  test('the same by a POSTed form, as containerd does it', async () => {
    const [username, password] = Buffer.from(acme.writer.slice(6), 'base64').toString().split(':') as [string, string];
    const answer = await acme.send('POST', '/v2/auth', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'password', username, password, service: 'x' }).toString(),
    });
    expect(answer.status).toBe(200);
  });

  test.each([
    ['a person’s name and password', 'alice:secret', /do not work here/],
    ['a text that is no token', '$app:nonsense', /not an application token/],
    ['an application token that was cut', '$app:esc_app_', /malformed application token/],
    ['a robot token that was cut', 'acme+ghost:esc_rob_x', /malformed robot token/],
    ['a text that is no token, of a robot', 'acme+ghost:nonsense', /not a robot token/],
    ['no user name', ':nonsense', /user name \$app, in single quotes/],
  ])('%s is refused with a message that says what to do', async (_what, text, message) => {
    const answer = await acme.send('GET', '/v2/auth?service=x', {
      as: `Basic ${Buffer.from(text).toString('base64')}`,
    });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toMatch(message);
  });

  test('asking for more than one may have is no error: the token simply holds less', async () => {
    const answer = await acme.send('GET', '/v2/auth?scope=repository:acme/private:pull,push', { as: acme.outsider });
    const { token } = (await answer.json()) as { token: string };
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { access: unknown[] };
    expect(payload.access).toEqual([]);
  });

  test.each([
    ['without a signature', 'eyJhbGciOiJub25lIn0.e30.'],
    ['garbage', 'garbage'],
    ['of another key', 'eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLy4uIiwidHlwIjoicmVnaXN0cnkrand0In0.e30.AAAA'],
    ['with a key inside', `${Buffer.from('{"alg":"ES256","kid":"x","jwk":{}}').toString('base64url')}.e30.AAAA`],
  ])('a token %s is refused, also where anybody may read (T3)', async (_what, token) => {
    const answer = await acme.send('GET', '/v2/', { as: `Bearer ${token}` });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});
