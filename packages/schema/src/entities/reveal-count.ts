import { defineEntity, p } from '@mikro-orm/core';

/** When somebody had secrets shown again in the last hour: there is a limit to it (S4). */
const RevealCountSchema = defineEntity({
  name: 'RevealCount',
  tableName: 'reveal_counts',
  properties: {
    /** `user:<id>`, as rows remember a principal. */
    principal: p.text().primary(),
    /** At most ten times. */
    shownAt: p.array().columnType('timestamptz[]'),
  },
});

export class RevealCount extends RevealCountSchema.class {}
RevealCountSchema.setClass(RevealCount);
