import type { EntityManager, PostgreSqlConnection } from '@mikro-orm/postgresql';

/**
 * A statement that each connection parses and plans once. Give arrays as `(select $1::text[])`: a plan that depends on no
 * value is kept, one that looks at the values is made anew each time and costs more than it saves.
 */
export interface PreparedStatement {
  /** Says which statement it is: one text for a name, for ever. */
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
  const { rows } = await pool.query<Row>({ name, text, values: [...values] });
  return rows;
}

type Pool = Awaited<ReturnType<PostgreSqlConnection['getNativeClient']>>;

/**
 * Names what comes to a connection with its values apart, so that it is parsed and planned once there. The ORM's own statements
 * come with their values written into the text, and are not touched.
 */
export function prepareOnConnections(pool: Pool): void {
  pool.on('connect', (client) => {
    const query: (...given: unknown[]) => unknown = client.query.bind(client);
    Object.assign(client, {
      query: (text: unknown, values: unknown, ...more: unknown[]) =>
        typeof text === 'string' && Array.isArray(values) && values.length > 0
          ? query({ name: nameOf(text), text, values: [...(values as unknown[])] }, ...more)
          : query(text, values, ...more),
    });
  });
}

const names = new Map<string, string>();
const numbered = new Map<string, string>();

/** One name for one text, the same on every connection of this process. */
function nameOf(text: string): string {
  return remembered(names, text, () => `p${String(names.size)}`);
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
    if (!em.isInTransaction()) return await runPrepared<Row>({ em }, { name: nameOf(sql), text: sql }, values);
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
