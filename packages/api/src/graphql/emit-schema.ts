// Writes the schema to the file that clients and the console's code generation read: `node emit-schema.js <file>`.
import { writeFile } from 'node:fs/promises';
import { schemaText } from './schema-text.ts';

const file = process.argv[2];
if (file === undefined) throw new Error('name the file to write');
await writeFile(file, await schemaText());
