import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { ApiToken, ApplicationToken, Session, User } from '@escale/schema/entities';
import { buildUser, openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { createApiToken } from '../api-tokens/index.ts';
import { createApplicationToken, revealApplicationToken } from '../application-tokens/index.ts';
import type { Context } from '../context.ts';
import { contextFor } from '../testing/domain-test.ts';
import { authenticateBasic, authenticateBearer } from './authenticate.ts';
import { checkSecretKey } from './check-secret-key.ts';
import { rewrapSecrets, wipeSealedCopies } from './rewrap-secrets.ts';
import { revokePresentedToken } from './revoke-presented-token.ts';
import { createVault, type Vault } from './vault.ts';

const key = (fill: number) => Buffer.alloc(32, fill);

let database: TestDatabase;
beforeEach(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterEach(() => database.close());

const nobody = (vault: Vault): Context => ({ ...contextFor(database.orm.em), vault });

/** A person's tokens of both kinds, made with a vault. */
async function tokensMadeWith(vault: Vault) {
  const user = await buildUser(database.orm.em.fork());
  const ctx = (): Context => ({ ...contextFor(database.orm.em, user), vault });
  const app = await createApplicationToken(ctx(), { title: 'laptop' });
  const api = await createApiToken(ctx(), { title: 'script', scopes: ['read'] });
  return { user, app, api };
}

describe('a changed secret key (S12)', () => {
  test('leaves tokens of the former one working and showable; nothing new is made with it', async () => {
    const { user, app } = await tokensMadeWith(createVault(key(1)));
    const changed = createVault(key(2), [key(1)]);
    expect(await authenticateBasic(nobody(changed), '$app', app.plain)).toMatchObject({ id: user.id });
    const again = { ...contextFor(database.orm.em, user), vault: changed };
    expect((await revealApplicationToken(again, { id: app.applicationToken.id })).plain).toBe(app.plain);
    const alone = createVault(key(2));
    await expect(authenticateBasic(nobody(alone), '$app', app.plain)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('is carried through: after the job, and after each use, the former key is needed no more', async () => {
    const { app, api } = await tokensMadeWith(createVault(key(1)));
    const changed = createVault(key(2), [key(1)]);
    expect(await rewrapSecrets(nobody(changed))).toEqual({ rewrapped: 1, unopenable: [] });
    expect(await rewrapSecrets(nobody(changed))).toEqual({ rewrapped: 0, unopenable: [] });
    await authenticateBearer(nobody(changed), api.plain);
    const alone = createVault(key(2));
    expect(await authenticateBasic(nobody(alone), '$app', app.plain)).toMatchObject({ kind: 'user' });
    expect(await authenticateBearer(nobody(alone), api.plain)).toMatchObject({ credential: { scopes: ['read'] } });
  });

  test('is carried through for what signing out at the provider needs', async () => {
    const user = await buildUser(database.orm.em.fork());
    const em = database.orm.em.fork();
    const [former, changed] = [createVault(key(1)), createVault(key(2), [key(1)])];
    const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
    for (const id of ids) {
      const facts = { user: em.getReference(User, user.id), lastSeenAt: new Date(), expiresAt: new Date() };
      em.create(Session, { id, ...facts, idToken: former.seal(`token of ${id}`, `sessions:${id}:id_token`) });
    }
    await em.flush();
    expect(await rewrapSecrets(nobody(changed), { atMost: 2 })).toEqual({ rewrapped: 3, unopenable: [] });
    expect(await rewrapSecrets(nobody(changed), { atMost: 2 })).toEqual({ rewrapped: 0, unopenable: [] });
    const sessions = await database.orm.em.fork().find(Session, { id: { $in: ids } });
    const alone = createVault(key(2));
    for (const { id, idToken } of sessions)
      expect(idToken && alone.open(idToken, `sessions:${id}:id_token`)).toBe(`token of ${id}`);
    expect(sessions).toHaveLength(3);
  });

  test('that no longer opens a row says which one, and leaves it as it is', async () => {
    const { app } = await tokensMadeWith(createVault(key(1)));
    const before = await database.orm.em.fork().findOneOrFail(ApplicationToken, { id: app.applicationToken.id });
    const { unopenable } = await rewrapSecrets(nobody(createVault(key(3), [key(2)])));
    expect(unopenable).toEqual([`application_tokens:${app.applicationToken.id}`]);
    const after = await database.orm.em.fork().findOneOrFail(ApplicationToken, { id: app.applicationToken.id });
    expect(after.sealed).toEqual(before.sealed);
  });

  test('has three generations at most', () => {
    expect(() => createVault(key(4), [key(3), key(2)])).not.toThrow();
    expect(() => createVault(key(4), [key(3), key(2), key(1)])).toThrow(/3 generations/);
  });
});

describe('the look at the key at every start', () => {
  const check = (vault: Vault) => checkSecretKey(nobody(vault));

  test('takes the first key, the same again, and a new one beside the former one', async () => {
    await check(createVault(key(1)));
    await check(createVault(key(1)));
    await check(createVault(key(2), [key(1)]));
    await check(createVault(key(2)));
  });

  test('refuses another key, and the former one once it was changed, in one line', async () => {
    await check(createVault(key(1)));
    await expect(check(createVault(key(2)))).rejects.toThrow(
      /^the secret key is not the one .*ESCALE_SECRET_KEY_PREVIOUS$/,
    );
    await check(createVault(key(2), [key(1)]));
    await expect(check(createVault(key(1)))).rejects.toThrow(/not the one/);
  });
});

describe('secrets that must not stay', () => {
  test('sealed copies are wiped, and the tokens work on', async () => {
    const vault = createVault(key(1));
    const { user, app } = await tokensMadeWith(vault);
    await wipeSealedCopies(nobody(vault));
    const again = { ...contextFor(database.orm.em, user), vault };
    await expect(revealApplicationToken(again, { id: app.applicationToken.id })).rejects.toMatchObject({
      code: 'TOKEN_NOT_REVEALABLE',
    });
    expect(await authenticateBasic(nobody(vault), '$app', app.plain)).toMatchObject({ id: user.id });
  });

  test('whoever presents a token ends it; a wrong secret ends nothing (S7)', async () => {
    const vault = createVault(key(1));
    const { api } = await tokensMadeWith(vault);
    expect(await revokePresentedToken(nobody(createVault(key(2))), api.plain)).toBe(false);
    expect(await revokePresentedToken(nobody(vault), 'nonsense')).toBe(false);
    expect(await revokePresentedToken(nobody(vault), api.plain)).toBe(true);
    await expect(authenticateBearer(nobody(vault), api.plain)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await database.orm.em.fork().count(ApiToken)).toBe(0);
  });
});
