/**
 * SQL of a text that is another one after every change of rights (see `RightsChange`). A change that commits late has a lower
 * number than one before it, hence the count; who trims old rows writes a new one, so no highest number comes with a count twice.
 */
export const rightsState = `(select count(*) || '/' || coalesce(max(id), 0) from rights_changes)`;

/** Rows beyond which they are trimmed: counting them must cost next to nothing. */
const many = 100;

/** SQL that forgets changes which everybody has seen, when there are many. One statement, so that no state comes twice. */
export const trimRightsChanges = `
  with crowd as (select from rights_changes having count(*) > ${String(many)}),
  trimmed as (delete from rights_changes where exists (select from crowd))
  insert into rights_changes (id) select nextval(pg_get_serial_sequence('rights_changes', 'id')) from crowd`;
