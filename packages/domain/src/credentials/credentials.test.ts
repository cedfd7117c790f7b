import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ApplicationToken, RobotToken, UsageLogEntry } from '@escale/schema/entities';
import { buildOrganization, buildUser, openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { createApplicationToken, revealApplicationToken, revokeApplicationToken } from '../application-tokens/index.ts';
import { createRobot, revealRobotToken } from '../robots/index.ts';
import { contextFor } from '../testing/domain-test.ts';
import { authenticateBasic } from './authenticate.ts';
import { newSecret, readToken, writeToken } from './token.ts';
import { createVault } from './vault.ts';

describe('tokens as people paste them', () => {
  const token = { type: 'app', id: '0199f3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d', secret: newSecret() } as const;
  const text = writeToken(token);

  test('what was written is read again', () => {
    expect(text).toMatch(/^esc_app_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    expect(readToken(text)).toEqual(token);
  });

  test('every typing error is found without asking anybody', () => {
    for (let at = 0; at < text.length; at += 1) {
      const typo = text.slice(0, at) + (text[at] === 'x' ? 'y' : 'x') + text.slice(at + 1);
      expect(readToken(typo)).toBeUndefined();
    }
  });

  test('no two secrets are alike', () => {
    expect(new Set(Array.from({ length: 10_000 }, newSecret)).size).toBe(10_000);
  });
});

describe('the vault', () => {
  const vault = createVault(Buffer.alloc(32, 1));

  test('a sealed value opens for its row and its key alone', () => {
    const sealed = vault.seal('secret', 'robot_tokens:1:sealed');
    expect(vault.open(sealed, 'robot_tokens:1:sealed')).toBe('secret');
    expect(() => vault.open(sealed, 'robot_tokens:2:sealed')).toThrow();
    expect(() => createVault(Buffer.alloc(32, 2)).open(sealed, 'robot_tokens:1:sealed')).toThrow();
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(() => vault.open(altered, 'robot_tokens:1:sealed')).toThrow();
    }
  });

  test('a key that is too short is refused', () => {
    expect(() => createVault(Buffer.alloc(31))).toThrow(/32 bytes/);
  });
});

describe('signing in with tokens', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase(inject('databaseServerUrl'));
  });
  afterAll(() => database.close());
  const nobody = () => contextFor(database.orm.em);

  test('an application token is its owner; revoked, expired or with its owner disabled it is nobody', async () => {
    const user = await buildUser(database.orm.em.fork());
    const ctx = contextFor(database.orm.em, user);
    const { plain, applicationToken } = await createApplicationToken(ctx, { title: 'laptop' });
    const principal = await authenticateBasic(nobody(), '$app', plain);
    expect(principal).toMatchObject({ kind: 'user', id: user.id, credential: { title: 'laptop' } });
    const row = await database.orm.em.fork().findOneOrFail(ApplicationToken, { id: applicationToken.id });
    expect(row.lastUsedAt).toBeInstanceOf(Date);
    const set = (sql: string) => database.orm.em.getConnection().execute(sql);
    await set(`update users set disabled_at = now() where id = '${user.id}'`);
    await expect(authenticateBasic(nobody(), '$app', plain)).rejects.toThrow(/disabled/);
    await set(`update users set disabled_at = null, suspended_at = now() where id = '${user.id}'`);
    await expect(authenticateBasic(nobody(), '$app', plain)).rejects.toThrow(/no longer lets .* sign in/);
    await set(`update users set suspended_at = null where id = '${user.id}'`);
    await set(
      `update application_tokens set expires_at = now() - interval '1 day' where id = '${applicationToken.id}'`,
    );
    await expect(authenticateBasic(nobody(), '$app', plain)).rejects.toThrow(
      /expired on .*create an application token/,
    );
    await revokeApplicationToken(contextFor(database.orm.em, user), { id: applicationToken.id });
    await expect(authenticateBasic(nobody(), '$app', plain)).rejects.toThrow(/unknown or revoked/);
  });

  test('the database holds nothing that signs in: neither the HMAC nor the sealed copy is the secret', async () => {
    const user = await buildUser(database.orm.em.fork());
    const { plain, applicationToken } = await createApplicationToken(contextFor(database.orm.em, user), { title: 't' });
    const row = await database.orm.em.fork().findOneOrFail(ApplicationToken, { id: applicationToken.id });
    const stored = `${Buffer.from(row.mac).toString('latin1')}${Buffer.from(row.sealed ?? []).toString('latin1')}`;
    expect(stored).not.toContain(plain.split('_')[3]);
  });

  test('a token is shown again to its owner alone, and the usage log says so', async () => {
    const user = await buildUser(database.orm.em.fork());
    const { plain, applicationToken } = await createApplicationToken(contextFor(database.orm.em, user), {
      title: 'again',
    });
    const shown = await revealApplicationToken(contextFor(database.orm.em, user), { id: applicationToken.id });
    expect(shown.plain).toBe(plain);
    const stranger = contextFor(database.orm.em, await buildUser(database.orm.em.fork()));
    await expect(revealApplicationToken(stranger, { id: applicationToken.id })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const entries = await database.orm.em.fork().find(UsageLogEntry, { namespace: user.username });
    expect(entries.map(({ kind }) => kind).sort()).toEqual(['application_token.created', 'application_token.revealed']);
  });

  test('a robot signs in with its own login only; a token kept without a copy cannot be shown again', async () => {
    const em = database.orm.em.fork();
    const owner = await buildUser(em);
    const acme = await buildOrganization(em, { owner });
    const ctx = () => contextFor(database.orm.em, owner);
    const { robot, plain } = await createRobot(ctx(), { namespace: acme.name, name: 'ci' });
    await createRobot(ctx(), { namespace: acme.name, name: 'other' });
    expect(await authenticateBasic(nobody(), robot.login, plain)).toMatchObject({ kind: 'robot', name: robot.login });
    await expect(authenticateBasic(nobody(), `${acme.name}+other`, plain)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
    expect((await revealRobotToken(ctx(), { robot: robot.login })).plain).toBe(plain);
    await database.orm.em.fork().nativeUpdate(RobotToken, { robot: robot.id }, { sealed: null });
    await expect(revealRobotToken(ctx(), { robot: robot.login })).rejects.toMatchObject({
      code: 'TOKEN_NOT_REVEALABLE',
    });
    await expect(createRobot(ctx(), { namespace: acme.name, name: 'ci' })).rejects.toMatchObject({
      code: 'ROBOT_EXISTS',
      field: 'name',
    });
  });
});
