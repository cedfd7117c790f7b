import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counter, Histogram, type Registry } from 'prom-client';

/** The parts of the product that answer at the one address, as an operator reads them. */
export type RoomName = 'registry' | 'api' | 'console' | 'health' | 'identity-provider';

/** A client may send any word as method; only these become a label. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Seconds: a manifest takes a millisecond, a layer many minutes. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** What one room did with one method. Each counter is looked up once: this is passed ten thousand times a second. */
interface Cell {
  readonly observe: (seconds: number) => void;
  readonly byStatus: ReadonlyMap<number, () => void>;
  readonly add: (status: number) => () => void;
}

/** Status of an answer whose client went away before it began. */
const cut = 0;

/** Counts requests and how long they took, in the one place that all of them pass. */
export class RequestCounts {
  readonly #requests: Counter<'room' | 'method' | 'status'>;
  readonly #durations: Histogram<'room' | 'method'>;
  readonly #cells = new Map<RoomName, Map<string, Cell>>();

  constructor(registry: Registry) {
    this.#requests = new Counter({
      name: 'escale_http_requests_total',
      help: 'Requests that were answered; status "cut" when the client went away before the answer began',
      labelNames: ['room', 'method', 'status'],
      registers: [registry],
    });
    this.#durations = new Histogram({
      name: 'escale_http_request_duration_seconds',
      help: 'From the head of a request to the end of its answer, bodies included',
      labelNames: ['room', 'method'],
      buckets,
      registers: [registry],
    });
  }

  /** Counts this request when its answer has ended. */
  watch(room: RoomName, { method = '' }: IncomingMessage, response: ServerResponse): void {
    const begun = performance.now();
    response.on('close', () => {
      const cell = this.#cell(room, method);
      cell.observe((performance.now() - begun) / 1000);
      const status = response.headersSent ? response.statusCode : cut;
      (cell.byStatus.get(status) ?? cell.add(status))();
    });
  }

  #cell(room: RoomName, asked: string): Cell {
    const method = methods.has(asked) ? asked : 'other';
    let ofRoom = this.#cells.get(room);
    if (!ofRoom) this.#cells.set(room, (ofRoom = new Map<string, Cell>()));
    let cell = ofRoom.get(method);
    if (!cell) ofRoom.set(method, (cell = this.#makeCell(room, method)));
    return cell;
  }

  #makeCell(room: RoomName, method: string): Cell {
    const durations = this.#durations.labels(room, method);
    const observe = (seconds: number) => {
      durations.observe(seconds);
    };
    const byStatus = new Map<number, () => void>();
    const add = (status: number) => {
      const counter = this.#requests.labels(room, method, status === cut ? 'cut' : String(status));
      const count = () => {
        counter.inc();
      };
      byStatus.set(status, count);
      return count;
    };
    return { observe, byStatus, add };
  }
}
