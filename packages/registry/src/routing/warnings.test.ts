import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { buildUser } from '@escale/schema/testing';
import type { User } from '@escale/schema/entities';
import { clientOf, digestOf, type RegistryClient } from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';

let registry: TestRegistry;
let alice: User;
let basic: string;
let writer: RegistryClient;
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  alice = await buildUser(registry.database.orm.em.fork(), { name: 'alice' });
  basic = await registry.applicationToken(alice);
  writer = clientOf(registry, basic);
});
afterAll(() => registry.close());

const warningsOf = async (client: RegistryClient, path: string) =>
  (await client.send('GET', path)).headers.get('warning');
const expireIn = (interval: string, title = 'test') =>
  registry.database.orm.em
    .getConnection()
    .execute(`update application_tokens set expires_at = now() + ?::interval, title = ?`, [interval, title]);

test('a token that ends within a week says so on every answer, also behind a registry token', async () => {
  await writer.pushImage('alice/app', '1');
  const { text } = await writer.send('GET', '/v2/auth?scope=repository:alice/app:pull');
  const bearer = clientOf(registry, `Bearer ${(JSON.parse(text) as { token: string }).token}`);
  await expireIn('8 days');
  for (const path of ['/v2/', '/v2/alice/app/manifests/1', '/v2/alice/app/tags/list']) {
    expect(await warningsOf(writer, path)).toBeNull();
  }
  await expireIn('6 days');
  for (const client of [writer, bearer]) {
    for (const path of ['/v2/', '/v2/alice/app/manifests/1', '/v2/alice/app/tags/list'])
      expect(await warningsOf(client, path)).toMatch(
        /^299 - "the application token \\"test\\" expires on \d{4}-\d\d-\d\d \d\d:\d\d UTC; create another one in the console"$/,
      );
  }
});

test('what people write in a title reaches no terminal but as plain characters (T26)', async () => {
  await expireIn('1 day', '\u001b[31m"é\n\u202e\\');
  expect(await warningsOf(writer, '/v2/')).toMatch(
    /^299 - "the application token \\"\?\[31m\\"\?\?\?\\\\\\" expires on/,
  );
  await expireIn('1 year');
});

test('a manifest whose publisher deprecates it says so to whoever pulls it', async () => {
  const deprecated = (text: string) => ({ annotations: { 'escale.deprecated': text } });
  const manifest = await writer.pushImage('alice/old', '1', ['layer'], deprecated('use alice/new instead'));
  for (const reference of ['1', digestOf(manifest)])
    expect(await warningsOf(writer, `/v2/alice/old/manifests/${reference}`)).toBe(
      `299 - "alice/old ${reference} is deprecated: use alice/new instead"`,
    );
  await writer.pushImage('alice/old', 'mute', ['layer'], deprecated(''));
  expect(await warningsOf(writer, '/v2/alice/old/manifests/mute')).toContain('no reason is given');
  await writer.pushImage('alice/old', 'other', ['layer'], { annotations: { note: 'escale.deprecated' } });
  expect(await warningsOf(writer, '/v2/alice/old/manifests/other')).toBeNull();
});

test('all warnings of an answer have at most 4,096 bytes', async () => {
  await expireIn('1 day', 'x'.repeat(200));
  await writer.pushImage('alice/long', '1', ['layer'], { annotations: { 'escale.deprecated': '"'.repeat(100_000) } });
  const warnings = (await warningsOf(writer, '/v2/alice/long/manifests/1')) ?? '';
  expect(warnings.length).toBeLessThanOrEqual(4096);
  expect(warnings).toMatch(/^299 - "the application token .*", 299 - "alice\/long 1 is deprecated: /);
});
