import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { accessibilityViolations } from './accessibility.ts';
import type { Stack } from './stack.ts';

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
}

/**
 * A window of its own on the console.
 * @param complaints gets everything the browser complains about: policy violations, failed requests, errors in our code
 */
export async function visitConsole(
  { stack, browser, complaints }: { stack: Stack; browser: Browser; complaints: string[] },
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`a script asked: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(stack.url) && !/^(?:data|blob):/.test(request.url()))
      complaints.push(`asked elsewhere: ${request.url()}`);
  });
  return { page, context };
}

/** From the sign-in page through the provider's form, as a person does. */
export async function signInAs(page: Page, stack: Stack, username: string): Promise<void> {
  await page.goto(stack.url);
  await page.getByRole('link', { name: /^(Sign in with|Se connecter avec) Keycloak$/ }).click();
  await page.locator('input[name=username]').fill(username);
  await page.locator('input[name=password]').fill(stack.demoPassword);
  await page.locator('button[type=submit]').click();
}

/** How far a page is wider than its window, in CSS pixels; 0 when it fits. */
export async function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth));
}

/** Waits until a page shows what it has; it may go on listening for what happens. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null, undefined, {
    timeout: 20_000,
  });
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
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
    return formOf(text, names['n']).replace(/\{(\w+)\}/g, (whole, name: string) => String(names[name] ?? whole));
  };
}

/** Of a text with forms for none, one and many: the one for this number. */
function formOf(text: string, count: string | number | undefined): string {
  const forms = text.split(' | ');
  return forms.length === 1 ? text : (forms[Math.min(Number(count ?? 0), forms.length - 1)] ?? text);
}
