// Writes the configuration table of README.md and .env.example from the schema; with --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { escaleConfig } from '../packages/cli/dist/config.js';
import { describeConfig } from '../packages/server-kit/dist/config.js';

const root = path.dirname(import.meta.dirname);
const rows = describeConfig(escaleConfig);
const table = [
  '| variable | default | |',
  '| --- | --- | --- |',
  ...rows.map(
    (row) =>
      `| \`${row.name}\` | ${row.default ? `\`${row.default}\`` : ''} | ${row.description.replaceAll('|', '\\|')} |`,
  ),
].join('\n');
const example = [
  '# Every variable of Escale. What is commented out has the value shown, or none. Each may also be given as <NAME>_FILE.',
  ...rows.map((row) => `\n# ${row.description.replaceAll('`', '')}\n# ${row.name}=${row.default}`),
  '',
].join('\n');

const readmeFile = path.join(root, 'README.md');
const readme = readFileSync(readmeFile, 'utf8');
const files = {
  'README.md': readme.replace(/(<!-- configuration -->\n)[\s\S]*?(<!-- \/configuration -->)/, `$1\n${table}\n\n$2`),
  '.env.example': example,
};

let differs = false;
for (const [name, text] of Object.entries(files)) {
  const file = path.join(root, name);
  const before = (() => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  })();
  if (before === text) continue;
  differs = true;
  if (process.argv.includes('--check'))
    console.error(`${name} does not say what the schema says; run node scripts/config-docs.mjs`);
  else writeFileSync(file, text);
}
if (differs && process.argv.includes('--check')) process.exit(1);
