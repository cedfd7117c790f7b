/** What takes turns over all processes of an installation. New ones go last: the place is the number, so no two share one. */
const turns = ['migration', 'test template', 'signing keys', 'following groups', 'epoch'] as const;

export type Turn = (typeof turns)[number];

/** The number of an advisory lock of PostgreSQL, far from those that other programs in one database may count from zero. */
export const advisoryLock = (turn: Turn): number => 7_305_811_402 + turns.indexOf(turn);
