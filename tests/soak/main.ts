// npm run test:soak -- --minutes N [--seed S] [--store filesystem|azurite]
import { parseArgs } from 'node:util';
import { soak } from './run.ts';

const help = `npm run test:soak -- [flags]

  --minutes N   how long (20)
  --seed S      of the choices (1)
  --store S     filesystem or azurite (filesystem)
`;
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', default: 'filesystem' },
    help: { type: 'boolean' },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const blobStore = values.store;
if (values.help || !(minutes > 0) || !(seed > 0) || (blobStore !== 'filesystem' && blobStore !== 'azurite')) {
  process.stdout.write(help);
  process.exit(values.help ? 0 : 2);
}
const { changes, read, memory, complaints } = await soak({
  minutes,
  seed,
  blobStore,
  onRound: (line) => {
    console.log(line);
  },
});
for (const complaint of complaints) console.error(complaint);
/** Its first minutes are those in which every process grows; what counts is whether it goes on. */
const mean = (numbers: readonly number[]) =>
  Math.round(numbers.reduce((sum, one) => sum + one, 0) / Math.max(numbers.length, 1));
const third = Math.ceil(memory.length / 3);
console.log(
  `${String(minutes)} minutes on ${blobStore}: ${String(changes)} changes, ${String(read)} reads hashed, resident ` +
    `${String(mean(memory.slice(third, 2 * third)))} MiB in the middle and ${String(mean(memory.slice(-third)))} MiB at the end, ` +
    `${String(Math.max(...memory))} MiB at most`,
);
console.log(`${String(changes)} passed, ${String(complaints.length)} failed`);
process.exit(complaints.length === 0 ? 0 : 1);
