/** Who sends a body: the caller, where one is known, then the address. */
export type Sources = readonly [first: string, ...more: string[]];

/** What bodies that are read whole may hold together in this process. Sizes in bytes, times in milliseconds. */
export interface BodyLimits {
  /** Memory of bodies up to the usual size; one source has half of it at most. */
  readonly budget: number;
  /** Memory of larger bodies, which share it among themselves: however slowly they come, they hold up none of the usual size. */
  readonly largeBudget: number;
  readonly usualSize: number;
  /** Bytes that every source may hold in any case while there is memory, whatever others at its address hold. */
  readonly alwaysAllowed: number;
  /** Bytes for which bodies of one source may wait; each holds about as many that its connection has read ahead. */
  readonly waitingOfSource: number;
  /** The same of all sources. */
  readonly waiting: number;
  /** For so long a body may come as it likes; then it must have come at `rate` bytes per second on average. */
  readonly grace: number;
  readonly rate: number;
  /** The same while others wait for memory. */
  readonly scarceGrace: number;
  readonly scarceRate: number;
  /** Between two checks. */
  readonly look: number;
}

export const usualBodyLimits: BodyLimits = {
  budget: 32 * 2 ** 20,
  largeBudget: 16 * 2 ** 20,
  usualSize: 256 * 1024,
  alwaysAllowed: 64 * 1024,
  waitingOfSource: 4 * 2 ** 20,
  waiting: 32 * 2 ** 20,
  grace: 30_000,
  rate: 512,
  scarceGrace: 2000,
  scarceRate: 64 * 1024,
  look: 250,
};
