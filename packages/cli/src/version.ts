import { readFileSync } from 'node:fs';
import path from 'node:path';

const manifest = path.resolve(import.meta.dirname, '../package.json');

/** Of the product; all its packages carry the same. */
export const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
