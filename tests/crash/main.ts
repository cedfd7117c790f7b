// npm run test:crash -- --kills N --seed S [--store filesystem|azurite] [--state DIR] [--minutes M]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { crash } from './run.ts';

const help = `npm run test:crash -- [flags]

  --kills N     how many kills in all (200)
  --seed S      of the choices (1)
  --store S     filesystem or azurite; on azurite the server alone is killed (filesystem)
  --minutes M   ends earlier, in a state from which the next run goes on
  --state DIR   keeps data, journal and count there; the same folder again goes on
`;
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', default: 'filesystem' },
    minutes: { type: 'string' },
    state: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const blobStore = values.store;
const wrong = [kills, seed, minutes ?? 1].some((number) => !(number > 0));
if (values.help || wrong || (blobStore !== 'filesystem' && blobStore !== 'azurite')) {
  process.stdout.write(help);
  process.exit(values.help ? 0 : 2);
}
const folder = path.resolve(values.state ?? mkdtempSync(path.join(tmpdir(), 'escale-crash-')));
const begun = Date.now();
const report = await crash({
  ...{ kills, seed, blobStore, folder },
  ...(minutes !== undefined && { minutes }),
  onKill: (line) => {
    console.log(line);
  },
});
for (const complaint of report.complaints) console.error(complaint);
const victims = Object.entries(report.byVictim).map(([victim, count]) => `${victim} ${String(count)}`);
console.log(
  `${String(report.kills)} kills on ${blobStore} (${victims.join(', ')}) · ${String(report.acknowledged)} changes acknowledged · ` +
    `${String(report.read)} reads hashed · ${String(Math.round((Date.now() - begun) / 1000))} s`,
);
const failed = report.complaints.length;
console.log(`${String(report.kills)} passed, ${String(failed)} failed`);
if (values.state === undefined && failed === 0) rmSync(folder, { recursive: true, force: true });
else console.log(`data and journal: ${folder}`);
process.exit(failed === 0 ? 0 : 1);
