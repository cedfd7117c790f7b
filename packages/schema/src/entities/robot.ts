import { defineEntity, p, type Opt } from '@mikro-orm/core';
import { bytewise, createdAt, id } from './base.ts';
import { Namespace } from './namespace.ts';
import { notesRightsChange } from './rights-change.ts';

/** A machine principal of a namespace. Its secrets are rows of their own, see `RobotToken`. */
const RobotSchema = defineEntity({
  name: 'Robot',
  tableName: 'robots',
  uniques: [{ properties: ['namespace', 'name'] }],
  triggers: notesRightsChange('robots', ['id', 'namespace_id', 'name']),
  properties: {
    id: id(),
    namespace: () => p.manyToOne(Namespace).eager().deleteRule('cascade'),
    name: bytewise(),
    description: p.text().nullable(),
    createdAt: createdAt(),
  },
});

export class Robot extends RobotSchema.class {
  /** What a machine signs in with: `namespace+name`. */
  get login(): Opt<string> {
    return `${this.namespace.name}+${this.name}`;
  }
}
RobotSchema.setClass(Robot);
