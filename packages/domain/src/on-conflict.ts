import {
  DriverException,
  ForeignKeyConstraintViolationException,
  UniqueConstraintViolationException,
} from '@mikro-orm/core';
import { preconditionFailed } from './errors.ts';

/** What PostgreSQL says when a transaction of one moment (`repeatable read`) would change what another one has changed since. */
const serializationFailure = '40001';

/**
 * Runs a write; a broken uniqueness rule, or another write to the same rows at the same moment, becomes the error that the verb
 * knows it to mean.
 * @throws PRECONDITION_FAILED when what a new row refers to was deleted since it was looked up
 */
export async function onConflict<T>(meaning: () => Error, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException) throw meaning();
    if (error instanceof DriverException && error.code === serializationFailure) throw meaning();
    if (error instanceof ForeignKeyConstraintViolationException) {
      throw preconditionFailed('something that this names was deleted at the same moment; look again');
    }
    throw error;
  }
}
