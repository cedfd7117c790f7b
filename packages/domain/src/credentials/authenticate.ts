import type { User } from '@escale/schema/entities';
import { executePrepared, type EntityManager } from '@escale/schema/orm';
import {
  anonymous,
  type Credential,
  type Principal,
  type RobotPrincipal,
  type UserPrincipal,
} from '../access/principal.ts';
import type { ClientFacts } from '../context.ts';
import { unauthorized } from '../errors.ts';
import { credentialGone, holderOf, principalOf, userHolding, type CredentialReference, type Holder } from './holder.ts';
import { howToGetApplicationToken as howToGetOne } from './how-to.ts';
import { tokenTables } from './stored-secret.ts';
import { readToken, type Token, type TokenType } from './token.ts';
import type { Vault } from './vault.ts';
import { malformedToken, wrongCredentials } from './wrong-credentials.ts';

/** What authenticating needs; there is no principal yet, hence no Context. */
export interface Authentication {
  readonly em: EntityManager;
  readonly vault: Vault;
  readonly now: Date;
  readonly client: ClientFacts;
}

/**
 * Authenticates what a registry client sends as user name and password: `$app` with an application token, or a robot's login
 * with one of its tokens. Local passwords do not exist.
 * @throws UNAUTHORIZED with a message that says what to do
 */
export async function authenticateBasic(
  auth: Authentication,
  username: string,
  password: string,
): Promise<UserPrincipal | RobotPrincipal> {
  if (username === '$app') return byApplicationToken(auth, tokenOf(username, password, 'app'));
  if (username.includes('+')) return byRobotToken(auth, tokenOf(username, password, 'rob'), username);
  throw wrongCredentials(username, password, undefined);
}

/** A bearer of the management API: an API token, or a robot's token without its login. @throws UNAUTHORIZED */
export async function authenticateBearer(auth: Authentication, text: string): Promise<UserPrincipal | RobotPrincipal> {
  const token = readToken(text);
  if (token?.type === 'api')
    return holderWhoProves(auth, 'api-token', token, () =>
      unauthorized('this API token is unknown or revoked: make another in the console (Account settings, API tokens)'),
    );
  if (token?.type === 'rob') return byRobotToken(auth, token, undefined);
  throw (
    malformedToken(text) ??
    unauthorized(
      'this bearer is neither an API token (esc_api_) nor a robot token (esc_rob_): create an API token in the console ' +
        '(Account settings, API tokens)',
    )
  );
}

function tokenOf(username: string, password: string, type: 'app' | 'rob'): Token {
  const token = readToken(password);
  if (token?.type === type) return token;
  throw wrongCredentials(username, password, type);
}

async function byApplicationToken(auth: Authentication, token: Token): Promise<UserPrincipal> {
  const refused = () => unauthorized(`this application token is unknown or revoked: ${howToGetOne}`);
  const principal = await holderWhoProves(auth, 'application-token', token, refused);
  if (principal.kind !== 'user') throw refused();
  return principal;
}

async function byRobotToken(auth: Authentication, token: Token, login: string | undefined): Promise<RobotPrincipal> {
  const refused = () =>
    unauthorized(
      `the robot ${login?.slice(0, 255) ?? ''} has no such token: ask an admin of its namespace to show or renew it`,
    );
  const principal = await holderWhoProves(auth, 'robot-token', token, refused, login);
  if (principal.kind !== 'robot') throw refused();
  return principal;
}

const tableOf = {
  'application-token': tokenTables.app,
  'api-token': tokenTables.api,
  'robot-token': tokenTables.rob,
} as const;

/** @param login that the holder must have, where the caller said one */
async function holderWhoProves(
  auth: Authentication,
  kind: keyof typeof tableOf,
  { id, secret }: Token,
  refused: () => Error,
  login?: string,
): Promise<UserPrincipal | RobotPrincipal> {
  const table = tableOf[kind];
  const [row] = await executePrepared<HolderRow & Proof>(
    auth.em,
    `select holder.*, proof.mac, proof.mac_key_id from ${table} proof, lateral (${holderOf[kind]('proof.id')}) holder where proof.id = ?`,
    [id],
  );
  // In constant time, and as long for an id that does not exist (T29).
  const proven = auth.vault.matches(secret, row?.mac ?? Buffer.alloc(32));
  if (!row || !proven || (login !== undefined && row.name !== login)) throw refused();
  const principal = principalOf({ kind, id }, holderFrom(row), auth.now);
  if (row.mac_key_id !== auth.vault.keyId) await renewProof(auth, table, { id, secret });
  await noteUse(auth, table, id);
  return principal;
}

interface Proof {
  readonly mac: Buffer;
  readonly mac_key_id: string;
}

/** A token that a former key has recognized is known by the present one from now on (S12). */
async function renewProof(
  { em, vault }: Pick<Authentication, 'em' | 'vault'>,
  table: (typeof tokenTables)[TokenType],
  { id, secret }: { id: string; secret: string },
): Promise<void> {
  // One with a sealed copy is made anew as a whole, by `rewrapSecrets`.
  await em.execute(`update ${table} set mac = ?, mac_key_id = ? where id = ? and sealed is null`, [
    vault.mac(secret),
    vault.keyId,
    id,
  ]);
}

/**
 * The principal behind a registry token, as things are now: a revoked or expired credential, a disabled user, a deleted robot
 * end the tokens that were issued for them at once.
 * @throws UNAUTHORIZED
 */
export async function resumePrincipal(
  { em, now }: Pick<Authentication, 'em' | 'now'>,
  { kind, id }: CredentialReference,
): Promise<Principal> {
  if (kind === 'anonymous') return anonymous;
  if (id === undefined) throw credentialGone();
  const [row] = await executePrepared<HolderRow>(em, holderOf[kind]('?'), [id]);
  if (!row) throw credentialGone();
  return principalOf({ kind, id }, holderFrom(row), now);
}

interface HolderRow extends Pick<Holder, 'id' | 'name' | 'disabled' | 'suspended' | 'deleted' | 'title' | 'scopes'> {
  readonly namespace_id: string;
  readonly is_administrator: boolean;
  readonly expires_at: Date | string | null;
}

function holderFrom({ namespace_id, is_administrator, expires_at, ...rest }: HolderRow): Holder {
  const expiresAt = expires_at === null ? null : new Date(expires_at);
  return { ...rest, namespaceId: namespace_id, isAdministrator: is_administrator, expiresAt };
}

/** @throws UNAUTHORIZED for a disabled or suspended user */
export function userPrincipal(user: User, credential: Credential): UserPrincipal {
  return userHolding(credential, {
    id: user.id,
    namespaceId: user.namespace.id,
    name: user.username,
    isAdministrator: user.isAdministrator,
    disabled: user.disabledAt !== null && user.disabledAt !== undefined,
    suspended: user.suspendedAt !== null && user.suspendedAt !== undefined,
  });
}

/** Last use is kept to the minute: a busy pipeline must not write a row for every request. */
async function noteUse(auth: Authentication, table: (typeof tokenTables)[TokenType], id: string): Promise<void> {
  await executePrepared(
    auth.em,
    `update ${table} set last_used_at = ?, last_used_from = ?
       where id = ? and (last_used_at is null or last_used_at < ?)`,
    [auth.now, auth.client.address ?? null, id, new Date(auth.now.getTime() - 60_000)],
  );
}
