import { UniqueConstraintViolationException } from '@mikro-orm/core';

/** Runs a write; a broken uniqueness rule becomes the error that the verb knows it to mean. */
export async function onConflict<T>(meaning: () => Error, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException) throw meaning();
    throw error;
  }
}
