// npm run test:storms [-- --only NAME] [--scale 1]
// What a registry must bear without falling over: a fleet that signs in at once, clients that hang or send no body, manifests as
// large as they may be, an image that everybody signs, and more pushes than the machine can take (L5, L6, L9, L12,
// L15).
import { parseArgs } from 'node:util';
import { hanging } from './storms/hanging.ts';
import { idle } from './storms/idle.ts';
import { large } from './storms/large.ts';
import { logins } from './storms/logins.ts';
import { overload } from './storms/overload.ts';
import { referrers } from './storms/referrers.ts';
import { resumed } from './storms/resumed.ts';
import { openScene } from './storms/scene.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, scale: { type: 'string', default: '1' } },
});
if (process.platform !== 'linux') {
  console.error('test:storms reads /proc: it needs Linux');
  process.exit(1);
}

const storms = { logins, hanging, idle, large, referrers, overload, resumed };
let passed = 0;
let failed = 0;
for (const [name, storm] of Object.entries(storms)) {
  if (!name.includes(values.only)) continue;
  const scene = await openScene(Number(values.scale));
  try {
    for (const { what, value, limit, unit } of await storm(scene)) {
      const within = value <= limit;
      if (within) passed += 1;
      else failed += 1;
      const shown = Number.isInteger(value) ? String(value) : value.toFixed(1);
      console.log(
        `${name.padEnd(10)} ${what.padEnd(52)} ${shown.padStart(7)} ${unit} of ${String(Math.round(limit))}${within ? '' : '  TOO MUCH'}`,
      );
    }
  } finally {
    await scene.stack.stop();
  }
}
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exit(failed === 0 ? 0 : 1);
