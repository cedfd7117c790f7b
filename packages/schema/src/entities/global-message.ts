import { defineEntity, p } from '@mikro-orm/core';
import { createdAt, id } from './base.ts';

/** What the administrators tell everybody, on every page of the console. Plain text. */
const GlobalMessageSchema = defineEntity({
  name: 'GlobalMessage',
  tableName: 'global_messages',
  properties: {
    id: id(),
    severity: p.enum(['info', 'warning', 'error'] as const),
    text: p.text(),
    /** Not shown any more after it. */
    expiresAt: p.datetime().nullable(),
    createdBy: p.text(),
    createdAt: createdAt(),
  },
});

export class GlobalMessage extends GlobalMessageSchema.class {}
GlobalMessageSchema.setClass(GlobalMessage);
