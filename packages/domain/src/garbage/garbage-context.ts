import type { Context } from '../context.ts';

/** What the collector's verbs need: it acts by itself, for nobody. */
export type GarbageContext = Pick<Context, 'em' | 'faults'>;
