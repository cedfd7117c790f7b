// Writes the schema to the file that clients and the console's code generation read: `node emit-schema.js <file>`.
import { writeFile } from 'node:fs/promises';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchema } from './build-schema.ts';

const file = process.argv[2];
if (file === undefined) throw new Error('name the file to write');
await writeFile(file, `${printSchema(lexicographicSortSchema(await buildSchema()))}\n`);
