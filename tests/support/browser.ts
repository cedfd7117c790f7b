import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const systemBrowsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];
const args = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

/** A real browser: the system's, else the one that comes from npm. */
export async function openBrowser(): Promise<Browser> {
  const system = [process.env['CHROMIUM_PATH'], ...systemBrowsers].find(
    (file) => file !== undefined && existsSync(file),
  );
  if (system !== undefined) return chromium.launch({ executablePath: system, args });
  // Set before the import: the package then unpacks the shared libraries that a bare machine lacks.
  process.env['AWS_LAMBDA_JS_RUNTIME'] = 'nodejs22.x';
  const { default: packaged } = await import('@sparticuz/chromium');
  // Its own list of arguments is for a function with one short task: a single process, which the second window kills, and no
  // web security. What it needs of it is software rendering without a zygote.
  return chromium.launch({ executablePath: await packaged.executablePath(), args: [...args, '--no-zygote'] });
}
