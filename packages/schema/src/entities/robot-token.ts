import { defineEntity, p, type Opt } from '@mikro-orm/core';
import { createdAt, id } from './base.ts';
import { Robot } from './robot.ts';
import { storedSecret } from './stored-secret.ts';
import { notesRightsChange } from './rights-change.ts';

/** One secret of a robot; several may be alive at once, so that rotating needs no pause. */
const RobotTokenSchema = defineEntity({
  name: 'RobotToken',
  tableName: 'robot_tokens',
  triggers: notesRightsChange('robot_tokens', ['id', 'robot_id', 'expires_at']),
  properties: {
    id: id(),
    robot: () => p.manyToOne(Robot).index().deleteRule('cascade'),
    ...storedSecret,
    createdAt: createdAt(),
  },
});

export class RobotToken extends RobotTokenSchema.class {
  get revealable(): Opt<boolean> {
    return this.sealed != null;
  }
}
RobotTokenSchema.setClass(RobotToken);
