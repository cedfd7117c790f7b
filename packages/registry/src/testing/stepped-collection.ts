import type { FaultPoint } from '@escale/domain/faults';
import { collectGarbage } from '../jobs/collect-garbage.ts';
import type { StorageBench } from './storage-bench.ts';

/** Between these, where the collector holds no lock, anything may happen. */
const stops: readonly FaultPoint[] = ['garbage.planned', 'garbage.blobs.marked', 'garbage.bytes.deleted'];

/** A run of the collector that goes on only when it is told to, so that everything else can come between its steps. */
export class SteppedCollection {
  readonly #bench: StorageBench;
  #running: Promise<void> | undefined;
  #arrived: (() => void) | undefined;
  #goOn: ((fate: 'on' | 'killed') => void) | undefined;

  constructor(bench: StorageBench) {
    this.#bench = bench;
  }

  /** Lets the run come to its next stop, beginning one where none is under way. @returns whether one is under way still */
  async step(): Promise<boolean> {
    const arrived = new Promise<void>((resolve) => (this.#arrived = resolve));
    if (this.#running) this.#goOn?.('on');
    else this.#begin();
    await Promise.race([arrived, this.#running]);
    return this.#running !== undefined;
  }

  /** Lets it run to its end. */
  async finish(): Promise<void> {
    while (await this.step());
  }

  /** Ends it where it stands, as a kill does. */
  async kill(): Promise<void> {
    this.#goOn?.('killed');
    await this.#running;
  }

  #begin(): void {
    const faults = async (point: FaultPoint) => {
      if (!stops.includes(point)) return;
      const fate = await new Promise<'on' | 'killed'>((resolve) => {
        this.#goOn = resolve;
        this.#arrived?.();
      });
      if (fate === 'killed') throw new Error('killed');
    };
    this.#running = collectGarbage({ ...this.#bench.parts, faults })
      // A store that refuses or a kill ends a run; the next one goes on.
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        this.#running = undefined;
        this.#goOn = undefined;
      });
  }
}
