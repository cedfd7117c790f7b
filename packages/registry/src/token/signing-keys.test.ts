import { calculateJwkThumbprint } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createVault, type Vault } from '@escale/domain/credentials';
import { SigningKey } from '@escale/schema/entities';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { keyStates, SigningKeys } from './signing-keys.ts';

let database: TestDatabase;
const vault = createVault(Buffer.alloc(32, 3));
const day = 24 * 60 * 60 * 1000;
let clock = Date.now();
const minutes = (count: number) => {
  clock += count * 60_000;
};

beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
beforeEach(() => database.orm.em.fork().nativeDelete(SigningKey, {}));
afterAll(() => database.close());

/** A process over the same database, with the same clock. */
const process = (its: Vault = vault) => new SigningKeys(database.orm, its, () => clock);

test('a key’s id is its RFC 7638 thumbprint (the example of section 3.1)', async () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  expect(await calculateJwkThumbprint({ kty: 'RSA', n, e: 'AQAB' })).toBe(
    'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
  );
  const { id } = await process().signing();
  const row = await database.orm.em.fork().findOneOrFail(SigningKey, { id });
  expect(await calculateJwkThumbprint(row.publicJwk)).toBe(id);
});

test('processes that start together make one key', async () => {
  const ids = await Promise.all([process(), process(), process()].map(async (one) => (await one.signing()).id));
  expect(new Set(ids).size).toBe(1);
  expect(await database.orm.em.fork().count(SigningKey)).toBe(1);
});

test('a key is next, then active, then retiring, then gone; no process refuses a token that another one signs', async () => {
  const [here, there] = [process(), process()];
  const first = (await here.signing()).id;
  expect(await there.verifying(first)).toBeDefined();
  clock += 90 * day;
  expect((await here.signing()).id).toBe(first);
  const second = await database.orm.em.fork().findOneOrFail(SigningKey, { id: { $ne: first } });
  minutes(9);
  expect((await here.signing()).id).toBe(first);
  expect(await there.verifying(second.id)).toBeDefined();
  minutes(2);
  expect((await here.signing()).id).toBe(second.id);
  expect((await there.signing()).id).toBe(second.id);
  minutes(8);
  expect(await there.verifying(first)).toBeDefined();
  minutes(2);
  expect(here.holds(first)).toBe(false);
  expect(await there.verifying(first)).toBeUndefined();
});

test('what is gone is removed when the next key is made', async () => {
  const keys = process();
  const ids = new Set<string>();
  for (let turns = 0; turns < 4; turns += 1) {
    ids.add((await keys.signing()).id);
    clock += 90 * day;
    await keys.signing();
    minutes(11);
  }
  expect(ids.size).toBe(4);
  expect(await database.orm.em.fork().count(SigningKey)).toBeLessThanOrEqual(3);
});

test('a key that is taken away is refused everywhere within a minute', async () => {
  const [here, there] = [process(), process()];
  const { id } = await here.signing();
  expect(await there.verifying(id)).toBeDefined();
  await database.orm.em.fork().nativeDelete(SigningKey, { id });
  minutes(1.1);
  expect(await there.verifying(id)).toBeUndefined();
  expect((await here.signing()).id).not.toBe(id);
});

test('private keys lie sealed; one that cannot be opened is replaced, and still verifies', async () => {
  const { id } = await process().signing();
  const row = await database.orm.em.fork().findOneOrFail(SigningKey, { id });
  expect(Buffer.from(row.sealedJwk).toString('latin1')).not.toContain('"d"');
  minutes(0.1);
  const stranger = process(createVault(Buffer.alloc(32, 4)));
  expect((await stranger.signing()).id).not.toBe(id);
  expect(await stranger.verifying(id)).toBeDefined();
});

test('states follow from times alone', () => {
  const hour = 3_600_000;
  const keys = [0, hour, 2 * hour].map((activeFrom) => ({ activeFrom }));
  expect(keyStates(keys, hour / 2)).toEqual(['active', 'next', 'next']);
  expect(keyStates(keys, hour + 1)).toEqual(['retiring', 'active', 'next']);
  expect(keyStates(keys, 2 * hour - 1)).toEqual(['gone', 'active', 'next']);
  expect(keyStates(keys, 3 * hour)).toEqual(['gone', 'gone', 'active']);
});
