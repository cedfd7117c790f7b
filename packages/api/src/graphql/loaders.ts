import { Organization, Repository, User, type Robot, type RobotToken, type Team } from '@escale/schema/entities';
import type { TeamRole } from '@escale/schema/values';
import {
  findAccessibleByIds,
  namespaceRoles,
  ownNamespaceRoles,
  type ExplainedRepository,
} from '@escale/domain/access';
import { storedByRepositories } from '@escale/domain/content';
import type { Context } from '@escale/domain/context';
import { starredAmong } from '@escale/domain/repositories';
import { lastUseOfRobots, teamsOfRobots, tokensOfRobots } from '@escale/domain/robots';
import { batched } from './batched.ts';

type Loader<Value> = (id: string) => Promise<Value | undefined>;
type RobotLoader<Value> = (robot: Robot) => Promise<Value | undefined>;

/**
 * What fields of many nodes ask for, gathered and asked once. Made for each request, hence for one caller: what one may see is
 * never handed to another.
 */
export interface Loaders {
  /** By the id of a repository: what the viewer may do there. */
  readonly accessible: Loader<ExplainedRepository>;
  readonly storedBytes: Loader<number>;
  readonly starred: Loader<boolean>;
  /** What must exist, because a row refers to it. */
  readonly repository: (id: string) => Promise<Repository>;
  readonly organization: (id: string) => Promise<Organization>;
  /** By the id of a namespace. */
  readonly namespaceOwner: (id: string) => Promise<User | Organization>;
  readonly namespaceRole: Loader<TeamRole>;
  /** The same, without what an administrator may do everywhere. */
  readonly ownNamespaceRole: Loader<TeamRole>;
  readonly robotTeams: RobotLoader<readonly Team[]>;
  readonly robotTokens: RobotLoader<readonly RobotToken[]>;
  readonly robotLastUse: RobotLoader<Date>;
}

export function createLoaders(ctx: Context): Loaders {
  return {
    accessible: batched((ids) => findAccessibleByIds(ctx, ids)),
    storedBytes: batched((ids) => storedByRepositories(ctx, ids)),
    starred: batched(async (ids) => new Map([...(await starredAmong(ctx, ids))].map((id) => [id, true]))),
    repository: existing(batched(async (ids) => byId(await ctx.em.find(Repository, { id: { $in: [...ids] } })))),
    organization: existing(batched(async (ids) => byId(await ctx.em.find(Organization, { id: { $in: [...ids] } })))),
    namespaceOwner: existing(
      batched(async (ids) => {
        const users = await ctx.em.find(User, { namespace: { $in: [...ids] } });
        const organizations = await ctx.em.find(Organization, { namespace: { $in: [...ids] } });
        return new Map<string, User | Organization>(
          [...users, ...organizations].map((owner) => [owner.namespace.id, owner]),
        );
      }),
    ),
    namespaceRole: batched((ids) => namespaceRoles(ctx, ids)),
    ownNamespaceRole: batched((ids) => ownNamespaceRoles(ctx, ids)),
    robotTeams: ofRobots((robots) => teamsOfRobots(ctx, robots)),
    robotTokens: ofRobots((robots) => tokensOfRobots(ctx, robots)),
    robotLastUse: ofRobots((robots) => lastUseOfRobots(ctx, robots)),
  };
}

function byId<Row extends { id: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [row.id, row]));
}

function existing<Value>(load: Loader<Value>): (id: string) => Promise<Value> {
  return async (id) => {
    const found = await load(id);
    if (found === undefined) throw new Error(`${id} is gone`);
    return found;
  };
}

function ofRobots<Value>(load: (robots: readonly Robot[]) => Promise<ReadonlyMap<string, Value>>): RobotLoader<Value> {
  const robots = new Map<string, Robot>();
  const byRobotId = batched((ids) => load(ids.flatMap((id) => robots.get(id) ?? [])));
  return (robot) => {
    robots.set(robot.id, robot);
    return byRobotId(robot.id);
  };
}
