import { ApplicationToken, RobotToken, User } from '@escale/schema/entities';
import type { EntityManager } from '@escale/schema/orm';
import {
  anonymous,
  type Credential,
  type Principal,
  type RobotPrincipal,
  type UserPrincipal,
} from '../access/principal.ts';
import type { ClientFacts } from '../context.ts';
import { unauthorized } from '../errors.ts';
import { readToken, type Token } from './token.ts';
import type { Vault } from './vault.ts';

/** What authenticating needs; there is no principal yet, hence no Context. */
export interface Authentication {
  readonly em: EntityManager;
  readonly vault: Vault;
  readonly now: Date;
  readonly client: ClientFacts;
}

/** Which credential a registry token was issued for: what is looked up again at every use of that token. */
export interface CredentialReference {
  readonly kind: Credential['kind'] | 'anonymous';
  /** Of the application token, of the robot token, or of the user where the credential has no row. */
  readonly id?: string;
}

const howToGetOne =
  'create an application token in the console (Account settings, Application tokens) and use the docker login line that it shows';

/**
 * Authenticates what a registry client sends as user name and password: `$app` with an application token, or a robot's login
 * with one of its tokens. Local passwords do not exist (product.md §4).
 * @throws UNAUTHORIZED with a message that says what to do
 */
export async function authenticateBasic(
  auth: Authentication,
  username: string,
  password: string,
): Promise<UserPrincipal | RobotPrincipal> {
  if (username === '$app') return byApplicationToken(auth, tokenOf(password, 'app'));
  if (username.includes('+')) return byRobotToken(auth, tokenOf(password, 'rob'), username);
  throw unauthorized(
    username === ''
      ? `sign in with the user name $app and an application token: ${howToGetOne}`
      : `user names and passwords of people do not work here: ${howToGetOne}`,
  );
}

/** A robot's token without its login, as a bearer of the management API. @throws UNAUTHORIZED */
export async function authenticateBearer(auth: Authentication, text: string): Promise<RobotPrincipal> {
  return byRobotToken(auth, tokenOf(text, 'rob'), undefined);
}

function tokenOf(password: string, type: Token['type']): Token {
  const token = readToken(password);
  if (token?.type === type) return token;
  throw unauthorized(
    type === 'app'
      ? `this is not an application token (they begin with esc_app_): ${howToGetOne}`
      : 'this is not a robot token (they begin with esc_rob_): an admin of the namespace can show it on the page of its robots',
  );
}

async function byApplicationToken(auth: Authentication, { id, secret }: Token): Promise<UserPrincipal> {
  const row = await auth.em.findOne(ApplicationToken, { id }, { populate: ['user'] });
  if (!proves(auth.vault, row, secret))
    throw unauthorized(`this application token is unknown or revoked: ${howToGetOne}`);
  const principal = applicationTokenPrincipal(auth, row);
  await noteUse(auth, 'application_tokens', id);
  return principal;
}

async function byRobotToken(
  auth: Authentication,
  { id, secret }: Token,
  login: string | undefined,
): Promise<RobotPrincipal> {
  const row = await auth.em.findOne(RobotToken, { id }, { populate: ['robot'] });
  if (!proves(auth.vault, row, secret) || (login !== undefined && row.robot.login !== login)) {
    throw unauthorized(
      `the robot ${login?.slice(0, 255) ?? ''} has no such token: ask an admin of its namespace to show or renew it`,
    );
  }
  const principal = robotTokenPrincipal(auth, row);
  await noteUse(auth, 'robot_tokens', id);
  return principal;
}

/** Compares in constant time, and as long for an id that does not exist (T29). */
function proves<Row extends { mac: Uint8Array }>(vault: Vault, row: Row | null, secret: string): row is Row {
  const expected = row?.mac ?? Buffer.alloc(32);
  return vault.matches(secret, expected) && row !== null;
}

/**
 * The principal behind a registry token, as things are now: a revoked or expired credential, a disabled user, a deleted robot
 * end the tokens that were issued for them at once.
 * @throws UNAUTHORIZED
 */
export async function resumePrincipal(
  auth: Pick<Authentication, 'em' | 'now'>,
  reference: CredentialReference,
): Promise<Principal> {
  const { kind, id } = reference;
  if (kind === 'anonymous') return anonymous;
  const gone = () => unauthorized('the credential behind this token was revoked');
  if (kind === 'application-token') {
    const row = id === undefined ? null : await auth.em.findOne(ApplicationToken, { id }, { populate: ['user'] });
    if (!row) throw gone();
    return applicationTokenPrincipal(auth, row);
  }
  if (kind === 'robot-token') {
    const row = id === undefined ? null : await auth.em.findOne(RobotToken, { id }, { populate: ['robot'] });
    if (!row) throw gone();
    return robotTokenPrincipal(auth, row);
  }
  const user = id === undefined ? null : await auth.em.findOne(User, { id });
  if (!user) throw gone();
  return userPrincipal(user, { kind });
}

/** @throws UNAUTHORIZED for a disabled user */
export function userPrincipal(user: User, credential: Credential): UserPrincipal {
  if (user.disabledAt)
    throw unauthorized(`the user ${user.username} is disabled; ask an administrator of this registry`);
  return {
    kind: 'user',
    id: user.id,
    namespaceId: user.namespace.id,
    name: user.username,
    isAdministrator: user.isAdministrator,
    credential,
  };
}

function applicationTokenPrincipal({ now }: Pick<Authentication, 'now'>, row: ApplicationToken): UserPrincipal {
  if (row.expiresAt && row.expiresAt <= now) {
    throw unauthorized(`the application token "${row.title}" expired on ${day(row.expiresAt)}: ${howToGetOne}`);
  }
  return userPrincipal(row.user, { kind: 'application-token', id: row.id, title: row.title });
}

function robotTokenPrincipal({ now }: Pick<Authentication, 'now'>, row: RobotToken): RobotPrincipal {
  const { robot } = row;
  if (robot.namespace.deletedAt) {
    throw unauthorized(`the organization of the robot ${robot.login} was deleted; an admin of it may restore it`);
  }
  if (row.expiresAt && row.expiresAt <= now) {
    throw unauthorized(
      `this token of the robot ${robot.login} expired on ${day(row.expiresAt)}: ask an admin of its namespace to renew it`,
    );
  }
  return {
    kind: 'robot',
    id: robot.id,
    namespaceId: robot.namespace.id,
    name: robot.login,
    credential: { kind: 'robot-token', id: row.id },
  };
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Last use is kept to the minute: a busy pipeline must not write a row for every request. */
async function noteUse(auth: Authentication, table: 'application_tokens' | 'robot_tokens', id: string): Promise<void> {
  await auth.em.execute(
    `update ${table} set last_used_at = ?, last_used_from = ?
       where id = ? and (last_used_at is null or last_used_at < ?)`,
    [auth.now, auth.client.address ?? null, id, new Date(auth.now.getTime() - 60_000)],
  );
}
