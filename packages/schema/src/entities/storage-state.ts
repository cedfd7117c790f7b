import { defineEntity, p } from '@mikro-orm/core';

/**
 * What ties this database to its blob store; one row. Both know the same epoch, which changes with every deleting run: a
 * database or a store that was put back to an earlier moment is recognized, and nothing is deleted until a scrub has ended (D33).
 */
const StorageStateSchema = defineEntity({
  name: 'StorageState',
  tableName: 'storage_state',
  checks: [{ name: 'storage_state_one_row', expression: 'id = 1' }],
  properties: {
    id: p.integer().primary().autoincrement(false),
    epoch: p.uuid(),
    /** The epoch on its way into the store. */
    nextEpoch: p.uuid().nullable(),
    /** When the last freeze began; it stays when that is over. */
    frozenSince: p.datetime().nullable(),
    /** Why; absent when nothing is frozen. */
    frozenBecause: p.text().nullable(),
  },
});

export class StorageState extends StorageStateSchema.class {}
StorageStateSchema.setClass(StorageState);
