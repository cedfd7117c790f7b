import { defineEntity, p, type TriggerDef } from '@mikro-orm/core';

/**
 * Something that rights are made of was changed, by a transaction that has ended. Rows say nothing but that: as long as a
 * statement sees the same rows here (`rightsState`), all that it would read of rights is the same too. They are written by the
 * database itself (`notesRightsChange`), so in the transaction of the change, whoever changes it, and nobody waits for anybody.
 */
const RightsChangeSchema = defineEntity({
  name: 'RightsChange',
  tableName: 'rights_changes',
  properties: { id: p.bigint('number').primary().autoincrement() },
});

export class RightsChange extends RightsChangeSchema.class {}
RightsChangeSchema.setClass(RightsChange);

/**
 * What makes changes of a table count as changes of rights.
 * @param columns that rights are read from; changes of others do not count
 */
export function notesRightsChange(table: string, columns: readonly string[]): TriggerDef[] {
  const name = `${table}_rights`;
  const expression = `create trigger "${name}" after insert or delete or truncate or update of ${columns
    .map((column) => `"${column}"`)
    .join(', ')} on "${table}" for each statement execute function note_rights_change()`;
  return [
    { name, timing: 'after', events: ['insert', 'update', 'delete', 'truncate'], forEach: 'statement', expression },
  ];
}
