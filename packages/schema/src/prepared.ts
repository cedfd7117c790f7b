import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Pool, PoolClient } from 'pg';

/**
 * A statement that each connection parses and plans once. Give arrays as `(select $1::text[])`: a plan that depends on no
 * value is kept, one that looks at the values is made anew each time and costs more than it saves.
 */
export interface PreparedStatement {
  /** For people who look at a server; the text decides which statement it is. */
  readonly name: string;
  /** With `$1`, `$2` … */
  readonly text: string;
}

/** Runs a prepared statement on a connection of the pool, past the ORM: rows for hot reads. */
export async function runPrepared<Row extends object>(
  { em }: { readonly em: Pick<EntityManager, 'getConnection'> },
  { name, text }: PreparedStatement,
  values: readonly unknown[],
): Promise<Row[]> {
  const pool = await em.getConnection().getNativeClient();
  const { rows } = await pool.query<Row>({ name: nameOf(text, name), text, values: [...values] });
  return rows;
}

/** How statements go over the connections of a pool. */
export interface StatementSettings {
  /** Whether connections keep the statements that they have parsed. */
  readonly prepared: boolean;
  /** Statements that follow the beginning of each transaction, for poolers that keep no settings of a session. */
  readonly atBeginning: string | undefined;
}

/**
 * Names what comes to a connection with its values apart, so that it is parsed and planned once there; or takes the names away,
 * where the next statement may reach another session. The ORM's own statements come with their values in the text and have no
 * names. A connection whose server does not answer any more is ended.
 */
export function prepareOnConnections(pool: Pool, { prepared, atBeginning }: StatementSettings): void {
  pool.on('connect', (client) => {
    const query: (...given: unknown[]) => unknown = client.query.bind(client);
    const run = (...given: unknown[]): unknown => {
      const result = query(...given);
      if (result instanceof Promise) result.catch((error: unknown) => endIfSilent(client, error));
      return result;
    };
    Object.assign(client, {
      query: (text: unknown, values: unknown, ...more: unknown[]) => {
        if (typeof text !== 'string') return run(prepared ? text : withoutName(text), values, ...more);
        if (Array.isArray(values) && values.length > 0) {
          const given = [...(values as unknown[])];
          return run({ ...(prepared && { name: nameOf(text) }), text, values: given }, ...more);
        }
        if (atBeginning !== undefined && begins.test(text)) return run(`${text}; ${atBeginning}`, ...more);
        return run(text, values, ...more);
      },
    });
  });
}

const begins = /^(?:begin|start transaction)\b/;

/** A cursor or another query object stays as it is. */
function withoutName(statement: unknown): unknown {
  if (typeof statement !== 'object' || statement === null || !('text' in statement) || 'submit' in statement)
    return statement;
  return { ...statement, name: undefined };
}

/** `pg` gives up waiting for the answer but keeps the connection, on which everything later would wait as well. */
function endIfSilent(client: PoolClient, error: unknown): void {
  if (!(error instanceof Error) || error.message !== 'Query read timeout') return;
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

const names = new Map<string, string>();
const numbered = new Map<string, string>();

/**
 * The name of a statement, which follows from its text: behind a pooler, processes and versions share connections on which the
 * same name must mean the same statement. PostgreSQL cuts names after 63 bytes.
 */
function nameOf(text: string, label = ''): string {
  return remembered(names, text, () => {
    const hash = createHash('sha256').update(text).digest('base64url').slice(0, 22);
    return label === '' ? hash : `${label.slice(0, 38)} #${hash}`;
  });
}

/** The same with `$1`, `$2` … in place of each `?`. */
function withNumbers(text: string): string {
  let count = 0;
  return remembered(numbered, text, () => text.replaceAll('?', () => `$${String((count += 1))}`));
}

function remembered(of: Map<string, string>, text: string, make: () => string): string {
  let found = of.get(text);
  if (found === undefined) of.set(text, (found = make()));
  return found;
}

/**
 * Like `em.execute`, in its transaction where it is in one, for the statements of pushes and pulls: each connection parses and
 * plans them once, which is most of what a small statement costs.
 * @param text with `?` for values. It is kept for ever, so it must be one of a few: lists come as one array, `= any(?)`
 * @throws the same as `em.execute`
 */
export async function executePrepared<Row extends object>(
  em: EntityManager,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const sql = withNumbers(em.config.get('onQuery')(text, values));
  try {
    // Alone, it needs nothing of what transactions are made of.
    if (!em.isInTransaction()) return await runPrepared<Row>({ em }, { name: '', text: sql }, values);
    const { rows } = await em.getKysely().executeQuery<Row>({
      sql,
      parameters: values,
      query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
      queryId: { queryId: nameOf(sql) },
    });
    return rows;
  } catch (error) {
    throw error instanceof Error ? em.getPlatform().getExceptionConverter().convertException(error) : error;
  }
}
