// Takes a picture of every page, in both languages, light and dark, wide and narrow: `npm run screenshots [part of a name]`.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { startPostgres } from '@escale/cli/embedded';
import { openTestDatabase } from '@escale/schema/testing';
import { openBrowser } from '../support/browser.ts';
import { consolePlaces, type ConsolePlace, type Viewer } from '../support/console-places.ts';
import { goThroughProvider, settled, signInAs } from '../support/console.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { livelyScene } from '../support/lively-scene.ts';

const wanted = process.argv[2] ?? '';
const folder = path.resolve(import.meta.dirname, '../../screenshots');
const looks = ['en', 'fr'].flatMap((locale) =>
  (['light', 'dark'] as const).flatMap((colorScheme) => [1440, 390].map((width) => ({ locale, colorScheme, width }))),
);
type Look = (typeof looks)[number];
type State = Awaited<ReturnType<BrowserContext['storageState']>>;

const parts = await mkdtemp(path.join(tmpdir(), 'escale-screenshots-'));
const postgres = await startPostgres({ folder: path.join(parts, 'database'), durability: 'none' });
const database = await openTestDatabase(postgres.url);
const [stack, browser] = await Promise.all([
  startStack({
    environment: { ESCALE_DATABASE_URL: database.url, ESCALE_SECRET_KEY: 'the key of an installation for pictures' },
  }),
  openBrowser(),
]);
try {
  await mkdir(folder, { recursive: true });
  const scene = await livelyScene(stack, database);
  const places = consolePlaces(scene.inhabitants).filter(({ name }) => name.includes(wanted));
  const messages = places.filter(({ name }) => name.endsWith('messages'));
  const sessions = await signedIn(browser, stack);
  const quiet = places.filter((place) => !messages.includes(place));
  for (const look of looks) await take(quiet, look, sessions);
  await scene.announce();
  for (const look of looks) await take(messages, look, sessions);
  console.log(`${String(places.length * looks.length)} pictures in ${folder}`);
} finally {
  await browser.close();
  await stack.stop();
  await database.close();
  await postgres.stop();
  await rm(parts, { recursive: true, force: true });
}

/** What a browser keeps of somebody who is signed in, so that nobody signs in for each picture. */
async function signedIn(browser: Browser, stack: Stack): Promise<Record<Viewer, State | undefined>> {
  const stateOf = async (username: string, confirmed: boolean) => {
    const context = await browser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    await (confirmed ? signInAs : goThroughProvider)(page, stack, username);
    if (!confirmed) await page.waitForURL('**/welcome');
    const state = await context.storageState();
    await context.close();
    return state;
  };
  return {
    nobody: undefined,
    newcomer: await stateOf('carol', false),
    alice: await stateOf('alice', true),
    admin: await stateOf('admin', true),
  };
}

async function take(
  places: readonly ConsolePlace[],
  { locale, colorScheme, width }: Look,
  sessions: Awaited<ReturnType<typeof signedIn>>,
): Promise<void> {
  for (const viewer of new Set(places.map((place) => place.viewer))) {
    const context = await browser.newContext({
      ...{ locale, colorScheme, viewport: { width, height: 900 }, reducedMotion: 'reduce' as const },
      ...(sessions[viewer] && { storageState: sessions[viewer] }),
    });
    const page = await context.newPage();
    for (const { name, address } of places.filter((place) => place.viewer === viewer)) {
      await page.goto(`${stack.url}${address}`);
      await settled(page);
      const file = path.join(folder, `${name}-${locale}-${colorScheme}-${String(width)}.png`);
      await page.screenshot({ path: file, fullPage: true });
    }
    await context.close();
  }
}
