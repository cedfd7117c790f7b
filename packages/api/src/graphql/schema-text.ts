import { lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchema } from './build-schema.ts';

/** The schema as clients and the console's code generation read it: `schema.graphql`, in alphabetical order. */
export async function schemaText(): Promise<string> {
  return `${printSchema(lexicographicSortSchema(await buildSchema()))}\n`;
}
