import { Client, DatabaseError } from 'pg';
import { urlOf, type PostmasterFile, type ServerLogin } from './postmaster-file.ts';

/** Makes roles and gives ownership away; the product never connects as this one. */
export const superuser = 'postgres';
/** As which the product connects: it owns the database and what is in it, and has no say in anything else of the server. */
export const owner = 'escale';

/** The passwords of both. */
export interface ServerPasswords {
  readonly superuser: string;
  readonly owner: string;
}

/** What of the database belongs to the superuser though the owner should have it: that of earlier versions does. */
const foreign = `
  with theirs as (select oid from pg_roles where rolname = '${superuser}'),
       schemas as (select oid, nspname, nspowner from pg_namespace
         where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')),
       places as (select oid from schemas union all select oid from pg_namespace where nspname = 'public'),
       extended as (select classid, objid from pg_depend where deptype = 'e')
  select 'database' as kind, quote_ident(datname) as name from pg_database, theirs
    where datname = current_database() and datdba = theirs.oid
  union all
  select 'schema', quote_ident(nspname) from schemas, theirs where nspowner = theirs.oid
  union all
  select 'table', c.oid::regclass::text from pg_class c, theirs
    where c.relowner = theirs.oid and c.relnamespace in (select oid from places) and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
      and ('pg_class'::regclass, c.oid) not in (select classid, objid from extended)
      -- The sequence of a column goes with its table.
      and not (c.relkind = 'S' and exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')))
  union all
  select 'routine', p.oid::regprocedure::text from pg_proc p, theirs
    where p.proowner = theirs.oid and p.pronamespace in (select oid from places)
      and ('pg_proc'::regclass, p.oid) not in (select classid, objid from extended)
  union all
  select 'type', t.oid::regtype::text from pg_type t, theirs
    where t.typowner = theirs.oid and t.typnamespace in (select oid from places)
      and (t.typtype in ('e', 'd', 'r') or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
      and ('pg_type'::regclass, t.oid) not in (select classid, objid from extended)`;

/** SQLSTATE of a role that does not exist or whose password is another one, and of a role that may not log in. */
const refused = new Set(['28P01', '28000']);

/**
 * Makes the role of the product and gives it the database with everything in it, all or nothing. Costs one connection when that
 * has been done before.
 * @param options.createsDatabases for tests alone
 */
export async function prepareRoles(
  server: Pick<PostmasterFile, 'port' | 'socketFolder'>,
  passwords: ServerPasswords,
  { createsDatabases }: { createsDatabases: boolean },
): Promise<void> {
  const login = { user: owner, password: passwords.owner };
  if (!createsDatabases && (await connected(server, login, ownsEverything)) === true) return;
  await connected(server, { user: superuser, password: passwords.superuser }, async (client) => {
    await client.query('begin');
    await client.query(`set local lock_timeout = '10s'`);
    const { rows } = await client.query('select from pg_roles where rolname = $1', [owner]);
    if (rows.length === 0) await client.query(`create role ${owner}`);
    const rights = `login nosuperuser nocreaterole noreplication nobypassrls ${createsDatabases ? 'createdb' : 'nocreatedb'}`;
    await client.query(`alter role ${owner} ${rights} password ${client.escapeLiteral(passwords.owner)}`);
    if (createsDatabases) await client.query(`grant pg_signal_backend, pg_signal_autovacuum_worker to ${owner}`);
    for (const { kind, name } of await foreignTo(client)) await client.query(`alter ${kind} ${name} owner to ${owner}`);
    await client.query('commit');
  }).then((done) => {
    if (done === undefined)
      throw new Error(`the password of the embedded database's superuser is not the one in its file`);
  });
}

async function ownsEverything(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ rolsuper: boolean }>(
    'select rolsuper from pg_roles where rolname = current_user',
  );
  return rows[0]?.rolsuper === false && (await foreignTo(client)).length === 0;
}

async function foreignTo(client: Client): Promise<{ kind: string; name: string }[]> {
  const { rows } = await client.query<{ kind: string; name: string }>(foreign);
  return rows;
}

/** @returns undefined when the server refuses the login */
async function connected<Result>(
  server: Pick<PostmasterFile, 'port' | 'socketFolder'>,
  login: ServerLogin,
  work: (client: Client) => Promise<Result>,
): Promise<Result | true | undefined> {
  const client = new Client({ connectionString: urlOf(server, login), connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    if (error instanceof DatabaseError && refused.has(error.code ?? '')) return undefined;
    throw error;
  }
  try {
    return (await work(client)) ?? true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
