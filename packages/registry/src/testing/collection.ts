import type { GarbageReport } from '@escale/domain/garbage';

/** In hours, as the bench passes time. */
export const day = 24;
export const week = 7 * day;

let counter = 0;
/** Content that nothing else has. */
export const text = (word: string): string => `${word} ${String((counter += 1))}`;

/** The digests of what a run deleted of one kind. */
export const deleted = ({ items }: GarbageReport, kind: string) =>
  items.filter((item) => item.kind === kind && item.outcome === 'deleted').map(({ digest }) => digest);
