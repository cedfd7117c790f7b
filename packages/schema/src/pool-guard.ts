import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pool, PoolClient } from 'pg';

interface Held {
  open: boolean;
}

/** Present in everything that runs inside a transaction. */
const holding = new AsyncLocalStorage<Held>();

/** A statement inside a transaction went past it, to a connection of its own. */
export class SecondConnection extends Error {
  constructor() {
    super(
      'a statement inside a transaction asked for a second connection: use the context that inTransaction gives, not the outer one',
    );
  }
}

/**
 * Runs the inside of a transaction. Until it ends, asking a pool for a connection fails in it: requests that hold one connection
 * and wait for another stop each other for ever once they hold all of them.
 */
export async function holdingConnection<Result>(inside: () => Promise<Result>): Promise<Result> {
  const held = { open: true };
  try {
    return await holding.run(held, inside);
  } finally {
    // What was begun inside and goes on later (a timer, an open socket) carries this along.
    held.open = false;
  }
}

type Take = (error: Error | undefined, client: PoolClient | undefined, release: PoolClient['release']) => void;

/**
 * Makes a pool refuse second connections, and lose none: a transaction whose connection breaks cannot be rolled back, and Kysely
 * then never gives the connection back. The end of the connection does.
 */
export function guardPool(pool: Pool): void {
  const connect = pool.connect.bind(pool) as { (): Promise<PoolClient>; (take: Take): void };
  Object.assign(pool, {
    connect: (take?: Take) => {
      if (holding.getStore()?.open) throw new SecondConnection();
      return take ? connect(take) : connect().then(releasedWhenEnded);
    },
  });
}

function releasedWhenEnded(client: PoolClient): PoolClient {
  const release = client.release.bind(client);
  let released = false;
  const releaseOnce = (error?: Error | boolean) => {
    if (released) return;
    released = true;
    client.removeListener('end', onEnd);
    release(error);
  };
  const onEnd = () => {
    releaseOnce(true);
  };
  client.once('end', onEnd);
  client.release = releaseOnce;
  return client;
}
