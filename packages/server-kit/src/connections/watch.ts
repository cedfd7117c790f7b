import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { sourceOf, type ClientAddressReader } from '../client-address.ts';
import { Connection } from './connection.ts';
import { writeRaw, type Ending, type Exchange, type Pace } from './exchange.ts';
import { chooseVictims } from './relief.ts';

/** What the connections of one process may hold together. */
export interface ConnectionLimits extends Pace {
  /** Connections at once. Above it, those go first that do least for the source that has the most. */
  readonly connections: number;
  /** Bytes of heads that are not complete yet, of all connections. */
  readonly headBytes: number;
  /** Connections of one source whose request has been awaited for a while. */
  readonly headsOfSource: number;
  /** Bytes of answers that clients have not taken yet, of all connections. */
  readonly backlog: number;
  /** Milliseconds between two checks. */
  readonly look: number;
}

export const usualLimits: ConnectionLimits = {
  firstByte: 15_000,
  window: 60_000,
  // 1 KiB/s passes with a wide margin: what matters is that a client goes on, not how quickly.
  progress: 4096,
  // Room for ten thousand that are idle and five thousand that hang, beside those that work.
  connections: 20_000,
  headBytes: 16 * 2 ** 20,
  headsOfSource: 2000,
  backlog: 512 * 2 ** 20,
  look: 250,
};

/** Milliseconds for which a head is simply on its way. */
const headOnItsWay = 1000;
/** Bytes per second of a reader that is too quick to be the reason for a backlog. */
const quickReader = 64 * 1024;
/** Connections that are given up at once when there are too many, as a share of all: choosing costs a pass over all of them. */
const share = 1 / 100;

const stalled: Ending = {
  status: 408,
  message: 'the body stopped coming; send it again, or go on from where the upload stands',
};
const scarce: Ending = {
  status: 503,
  message:
    'this registry has no connection left for a request this slow; try again shortly, or go on from where the upload stands',
};

interface Candidate {
  readonly connection: Connection;
  readonly source: string;
  readonly weight: number;
  readonly worth: number;
}

/**
 * Watches the connections of a server. A client that makes no progress is cut off (T42, D39); any other may take its time as
 * long as nothing is scarce. When connections or memory are scarce, the source that holds the most loses what does least.
 * Replaces Node's limit for whole requests, which would end every long upload.
 */
export class ConnectionWatch {
  // By connection, because requests come and go by the thousand: a set of them leaves tables behind that point to each other, and
  // with them all requests of the last minutes wait for a collection of the whole heap.
  readonly #connections = new Map<Socket, Connection>();
  readonly #limits: ConnectionLimits;
  readonly #clientAddress: ClientAddressReader | undefined;
  readonly #headers: readonly string[];

  /** @param headers lines of every answer that is written without a response object */
  constructor(
    server: Server,
    limits: ConnectionLimits,
    { clientAddress, headers = [] }: { clientAddress?: ClientAddressReader; headers?: readonly string[] } = {},
  ) {
    this.#limits = limits;
    this.#clientAddress = clientAddress;
    this.#headers = headers;
    server.on('connection', (socket: Socket) => {
      this.#admit(socket);
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#begin(request, response);
    });
  }

  /** Whether an answer to this connection has begun. */
  isAnswering(socket: Socket): boolean {
    const underWay = this.#connections.get(socket)?.exchanges ?? [];
    return underWay.some(({ response }) => response.headersSent);
  }

  /** Checks every connection; called at the interval of the limits. @param elapsed milliseconds since the last call */
  look(elapsed: number = this.#limits.look): void {
    const { headBytes, headsOfSource, backlog } = this.#limits;
    const heads: Connection[] = [];
    let [inHeads, inBacklog] = [0, 0];
    for (const connection of this.#connections.values()) {
      if (connection.exchanges.length > 0) {
        this.#lookAtExchanges(connection, elapsed);
        inBacklog += connection.socket.writableLength;
        continue;
      }
      connection.idle += elapsed;
      if (!connection.awaitsHead) continue;
      heads.push(connection);
      inHeads += connection.headBytes;
    }
    if (inHeads > headBytes) this.#cut(heads.filter(holdsHead).map(byHeadBytes), inHeads - headBytes);
    if (heads.length > headsOfSource) this.#cutManyHeads(heads);
    if (inBacklog > backlog) this.#cut(this.#slowReaders(), inBacklog - backlog);
  }

  #admit(socket: Socket): void {
    if (this.#connections.size >= this.#limits.connections) this.#makeRoom();
    const connection = new Connection(socket);
    connection.source = sourceOf(connection.source);
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#connections.delete(socket));
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    if (!connection) return;
    const exchange = connection.begin(request, response);
    // A proxy's connection belongs to the client that it speaks for at the moment.
    if (request.headers['x-forwarded-for'] !== undefined && this.#clientAddress)
      connection.source = sourceOf(this.#clientAddress(request) ?? connection.source);
    response.once('close', () => {
      // The rest of a body that nobody wanted may still be coming, and is watched.
      if (request.complete || request.destroyed) connection.finish(exchange);
      else request.once('close', () => connection.finish(exchange));
    });
  }

  #lookAtExchanges(connection: Connection, elapsed: number): void {
    for (const exchange of [...connection.exchanges]) {
      if (exchange.isOver) connection.finish(exchange);
      else if (exchange.look(elapsed, this.#limits)) exchange.end(stalled, this.#headers);
    }
  }

  /** Heads that one source has been sending for a while, beyond what it may have of them. */
  #cutManyHeads(heads: readonly Connection[]): void {
    const late = heads.filter(({ idle }) => idle >= headOnItsWay);
    const counts = new Map<string, number>();
    for (const { source } of late) counts.set(source, (counts.get(source) ?? 0) + 1);
    for (const [source, count] of counts) {
      const excess = count - this.#limits.headsOfSource;
      if (excess > 0) this.#cut(late.filter((connection) => connection.source === source).map(byAge), excess);
    }
  }

  #makeRoom(): void {
    const excess = Math.max(1, Math.floor(this.#limits.connections * share));
    const candidates = [...this.#connections.values()].flatMap((connection): Candidate[] => {
      if (connection.exchanges.length === 0) return [byAge(connection)];
      const rate = slowest(connection.exchanges);
      // Faster ones go after all that do nothing.
      return rate === undefined ? [] : [{ connection, source: connection.source, weight: 1, worth: 1 + rate }];
    });
    this.#cut(candidates, excess);
  }

  #slowReaders(): Candidate[] {
    return [...this.#connections.values()].flatMap((connection): Candidate[] => {
      const { source, socket, exchanges } = connection;
      const rate = slowest(exchanges);
      if (rate === undefined || rate > quickReader || socket.writableLength === 0) return [];
      return [{ connection, source, weight: socket.writableLength, worth: rate }];
    });
  }

  #cut(candidates: readonly Candidate[], excess: number): void {
    for (const { connection } of chooseVictims(candidates, excess)) {
      const { exchanges, socket } = connection;
      // Out of the count at once: the event of its end comes later.
      this.#connections.delete(socket);
      for (const exchange of [...exchanges]) exchange.end(scarce, this.#headers);
      if (exchanges.length === 0 && connection.headBytes > 0) writeRaw(socket, 503, tooMany, this.#headers);
      socket.destroy();
    }
  }
}

const tooMany = JSON.stringify({
  errors: [{ code: 'TOOMANYREQUESTS', message: 'too many requests are unfinished at the moment; try again shortly' }],
});

const holdsHead = ({ headBytes }: Connection): boolean => headBytes > 0;

const byHeadBytes = (connection: Connection): Candidate => ({
  connection,
  source: connection.source,
  weight: connection.headBytes,
  worth: -connection.headBytes,
});

/** The longer it has done nothing, the less it is worth; always less than one that does something. */
const byAge = (connection: Connection): Candidate => ({
  connection,
  source: connection.source,
  weight: 1,
  worth: -connection.idle,
});

/** Bytes per second of the slowest; undefined where the server waits for none of them. */
function slowest(exchanges: readonly Exchange[]): number | undefined {
  const rates = exchanges.flatMap(({ rate }) => (rate === undefined ? [] : [rate]));
  return rates.length === exchanges.length && rates.length > 0 ? Math.min(...rates) : undefined;
}
