// The product, that dies where it is told to. Started by the crash harness with the arguments of `escale start`; a message
// `{ point, after }` over IPC arms one fault point, and the process kills itself when it passes there for that many times.
import { start } from '@escale/cli/start';

let armed: { readonly point: string; after: number } | undefined;

process.on('message', (message: { point: string; after: number }) => {
  armed = { ...message };
});
// Whoever started us is gone: nobody would ever end us.
process.on('disconnect', () => process.exit(1));

await start(process.argv.slice(3), process.env, (point) => {
  if (armed?.point !== point) return;
  armed.after -= 1;
  if (armed.after <= 0) process.kill(process.pid, 'SIGKILL');
});
