import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, BrowserContextOptions, Page, Response } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { accessibilityViolations } from './accessibility.ts';
import { openBrowser } from './browser.ts';
import { reportLayoutShifts } from './layout-shifts.ts';
import { startStack, type Stack, type StackOptions } from './stack.ts';

/** A window on the console that remembers everything a browser has to say against it. */
export interface ConsoleWindow {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Policy violations, failed requests, errors in our code, scripts that ask, requests to elsewhere, what moves as a page comes up. */
  readonly complaints: readonly string[];
  /** How many GraphQL requests were sent since it was last asked. */
  graphqlRequests(): number;
  /** Bytes of all scripts so far, as gzip makes them. */
  scriptBytes(): Promise<number>;
}

/** The whole product and a browser, for the tests of one file. */
export interface ConsoleUnderTest {
  readonly stack: Stack;
  readonly browser: Browser;
  /** A window of its own, with nobody signed in; closed with the browser at the latest. */
  open(window?: BrowserContextOptions): Promise<ConsoleWindow>;
}

/**
 * Starts the product and a browser before the first test of the calling file, and ends them after its last one.
 * @param options how the product is started, asked for just before
 */
export function consoleUnderTest(options: () => Promise<StackOptions> = () => Promise.resolve({})): ConsoleUnderTest {
  let stack: Stack;
  let browser: Browser;
  beforeAll(async () => {
    [stack, browser] = await Promise.all([options().then(startStack), openBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await stack.stop();
  });
  return {
    get stack() {
      return stack;
    },
    get browser() {
      return browser;
    },
    open: async (window = {}) => {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        locale: 'en-GB',
        // What fades in is looked at when it is there.
        reducedMotion: 'reduce',
        ...window,
      });
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const complaints: string[] = [];
      await reportLayoutShifts(context, complaints);
      return watched(await context.newPage(), stack.url, complaints);
    },
  };
}

function watched(page: Page, url: string, complaints: string[]): ConsoleWindow {
  const scripts: Response[] = [];
  let asked = 0;
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`a script asked: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(?:data|blob):/.test(request.url()))
      complaints.push(`asked elsewhere: ${request.url()}`);
    if (request.url() === `${url}/graphql`) asked += 1;
  });
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.endsWith('.js') && response.ok()) scripts.push(response);
  });
  return {
    page,
    context: page.context(),
    complaints,
    graphqlRequests: () => {
      const before = asked;
      asked = 0;
      return before;
    },
    // Read when it is asked for: a page that was left no longer has its bodies.
    scriptBytes: async () => {
      const bodies = await Promise.all(scripts.map((script) => script.body()));
      return bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).byteLength, 0);
    },
  };
}

/** From the console's sign-in page through the provider's form, as a person does; where that leads is not waited for. */
export async function goThroughProvider(page: Page, stack: Stack, username: string): Promise<void> {
  await page.goto(stack.url);
  await page.getByRole('link', { name: /^(?:Sign in with|Se connecter avec) Keycloak$/ }).click();
  await fillProviderForm(page, stack, username);
}

export async function fillProviderForm(page: Page, stack: Stack, username: string): Promise<void> {
  await page.locator('input[name=username]').fill(username);
  await page.locator('input[name=password]').fill(stack.demoPassword);
  await page.locator('button[type=submit]').click();
}

/** Signs in, accepts the name that is offered the first time, and waits for the first page. */
export async function signInAs(page: Page, stack: Stack, username: string): Promise<void> {
  await goThroughProvider(page, stack, username);
  const accept = page.getByRole('button', { name: /^(?:Use this name|Utiliser ce nom)$/ });
  const home = page.getByRole('heading', { level: 1, name: /^(?:Repositories|Dépôts)$/ });
  await accept.or(home).first().waitFor();
  if (await accept.isVisible()) await accept.click();
  await home.waitFor();
}

/** How far a page is wider than its window, in CSS pixels; 0 when it fits. */
export async function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth));
}

/** Waits until a page shows what it has; it may go on listening for what happens. */
export async function settled(page: Page): Promise<void> {
  // A dialog hides what lies under it from roles.
  await page.locator('h1').first().waitFor();
  await nothingUnderway(page);
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
}

/** Waits until a page has what it asked for; what lies over it may be anything. */
export async function nothingUnderway(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null, undefined, {
    timeout: 20_000,
  });
}

/** What every page must hold: nothing sticks out at the side, and axe finds nothing. */
export async function expectSound(page: Page, name: string): Promise<void> {
  // What fades in has less contrast than it will have.
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
  expect([name, await overflowOf(page)]).toEqual([name, 0]);
  expect([name, ...(await accessibilityViolations(page))]).toEqual([name]);
}

/** What the console says in a language, by the key of the text: a test of a flow runs in each. */
export type Words = (key: string, names?: Readonly<Record<string, string | number>>) => string;

const catalogues = path.resolve(import.meta.dirname, '../../packages/web/src/i18n');

export function wordsOf(language: 'en' | 'fr'): Words {
  const texts = JSON.parse(readFileSync(path.join(catalogues, `${language}.json`), 'utf8')) as object;
  return (key, names = {}) => {
    const text = key.split('.').reduce<unknown>((inner, part) => (inner as Record<string, unknown>)[part], texts);
    if (typeof text !== 'string') throw new Error(`there is no text ${key}`);
    return formOf(text, names['n'], language).replace(/\{(\w+)\}/g, (whole, name: string) =>
      String(names[name] ?? whole),
    );
  };
}

/** Of a text with forms for one and many, or for none, one and many: the one for this number. */
function formOf(text: string, count: string | number | undefined, language: 'en' | 'fr'): string {
  const forms = text.split(' | ');
  const number = Number(count ?? 0);
  if (forms.length === 2) return (number === 1 || (number === 0 && language === 'fr') ? forms[0] : forms[1]) ?? text;
  return forms[Math.min(number, forms.length - 1)] ?? text;
}
