// The product, watched: with the arguments of `escale start`. It prints one line for every request for the provider's keys, and
// its clock goes wrong by ESCALE_TEST_CLOCK_SECONDS.
import { start } from '@escale/cli/start';
import { keyRequest } from './key-requests.ts';

const offset = Number(process.env['ESCALE_TEST_CLOCK_SECONDS'] ?? 0) * 1000;
if (offset !== 0) {
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [RealDate.now() + offset] : given) as [number]));
    }

    static override now(): number {
      return RealDate.now() + offset;
    }
  } as DateConstructor;
}

const realFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const address = input instanceof Request ? input.url : String(input);
  if (address.endsWith('/protocol/openid-connect/certs')) console.log(keyRequest);
  return realFetch(input, init);
};

await start(process.argv.slice(3), process.env);
