import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { RobotToken, type Robot, type User } from '@escale/schema/entities';
import {
  buildOrganization,
  buildRepository,
  buildRobot,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import { authenticateBasic } from '../credentials/authenticate.ts';
import { deleteOrganization } from '../namespaces/delete-organization.ts';
import { setPermission } from '../repositories/set-permission.ts';
import { contextFor } from '../testing/domain-test.ts';
import { deleteRobot } from './change-robot.ts';
import { createRobotToken, revokeRobotToken, rotateRobotToken } from './change-robot-tokens.ts';

let database: TestDatabase;
let owner: User;
let robot: Robot;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());
beforeEach(async () => {
  const em = database.orm.em.fork();
  owner = await buildUser(em);
  robot = await buildRobot(em, { namespace: (await buildOrganization(em, { owner })).namespace });
});

const ctx = () => contextFor(database.orm.em, owner);
const add = async () => (await createRobotToken(ctx(), { robot: robot.login })).plain;
const rotate = async (input: object = {}) => (await rotateRobotToken(ctx(), { robot: robot.login, ...input })).plain;
const works = async (plain: string, after = 0): Promise<boolean> => {
  const at = { ...ctx(), now: new Date(Date.now() + after * 1000) };
  return authenticateBasic(at, robot.login, plain).then(
    () => true,
    () => false,
  );
};
const rows = () =>
  database.orm.em.fork().find(RobotToken, { robot: robot.id }, { orderBy: { createdAt: 'asc', id: 'asc' } });

test('rotating without an overlap ends the old tokens at once', async () => {
  const [first, second] = [await add(), await add()];
  const fresh = await rotate();
  expect([await works(first), await works(second), await works(fresh)]).toEqual([false, false, true]);
});

test('with an overlap the old token goes on for exactly that long', async () => {
  const first = await add();
  const fresh = await rotate({ overlapSeconds: 3600 });
  expect([await works(first), await works(first, 3590), await works(first, 3610)]).toEqual([true, true, false]);
  expect(await works(fresh, 3610)).toBe(true);
});

test('an overlap never makes a token live longer than it would have', async () => {
  const { plain: first } = await createRobotToken(ctx(), {
    robot: robot.login,
    expiresAt: new Date(Date.now() + 60_000),
  });
  await rotate({ overlapSeconds: 3600 });
  expect(await works(first, 70)).toBe(false);
});

test('one token may be replaced while the others stay', async () => {
  const [first, second] = [await add(), await add()];
  const [row] = await rows();
  await rotate({ token: row?.id });
  expect([await works(first), await works(second)]).toEqual([false, true]);
  await expect(rotate({ token: row?.id })).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'token' });
});

test('five tokens may be alive, also when more are asked for at the same moment; a revoked one makes room', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 9 }, add));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  await expect(rotate({ overlapSeconds: 60 })).rejects.toMatchObject({ code: 'INPUT_INVALID', field: 'robot' });
  const [row] = await rows();
  await revokeRobotToken(ctx(), { robot: robot.login, token: row?.id ?? '' });
  await add();
  expect(await rows()).toHaveLength(5);
});

test.each([-1, 30 * 24 * 3600 + 1])('an overlap of %s seconds is refused', async (overlapSeconds) => {
  await expect(rotate({ overlapSeconds })).rejects.toMatchObject({ code: 'INPUT_INVALID', field: 'overlapSeconds' });
});

test('a deleted robot, and a robot of a deleted organization, cannot sign in', async () => {
  const plain = await add();
  const other = await buildRobot(database.orm.em.fork(), { namespace: robot.namespace });
  await deleteRobot(ctx(), { robot: robot.login });
  expect(await works(plain)).toBe(false);
  robot = other;
  const second = await add();
  const { name } = robot.namespace;
  await deleteOrganization(ctx(), { name, confirmName: name }, { undoSeconds: 60 });
  expect(await works(second)).toBe(false);
});

test('a robot that is deleted while it is granted something: one or the other, and no fault of ours', async () => {
  const repository = await buildRepository(database.orm.em.fork(), { namespace: robot.namespace });
  for (let round = 0; round < 15; round += 1) {
    const { login } = await buildRobot(database.orm.em.fork(), { namespace: robot.namespace });
    const [granted, deleted] = await Promise.allSettled([
      setPermission(ctx(), { repository: repository.name, grantee: { robot: login }, role: 'read' }),
      deleteRobot(ctx(), { robot: login }),
    ]);
    expect(deleted.status).toBe('fulfilled');
    if (granted.status === 'rejected') {
      expect(['NOT_FOUND', 'PRECONDITION_FAILED']).toContain((granted.reason as { code: string }).code);
    }
  }
});
