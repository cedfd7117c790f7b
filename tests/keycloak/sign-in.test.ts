import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../support/browser.ts';
import { signIn } from '../support/sign-in.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;
let browser: Browser;
beforeAll(async () => {
  [scene, browser] = await Promise.all([openScene(), openBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await scene[Symbol.asyncDispose]();
});

async function newPage(): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
  return { context, page: await context.newPage() };
}

/** Fills in Keycloak's own form. */
async function fillForm(page: Page, username: string, password = scene.password): Promise<void> {
  await page.waitForURL((url) => url.href.startsWith(scene.issuer));
  await page.locator('#username').fill(username);
  await page.locator('#password').fill(password);
  await page.locator('#kc-login').click();
}

const start = (page: Page) => page.getByRole('link', { name: 'Sign in with Keycloak' }).click();
const repositories = (page: Page) => page.getByRole('heading', { level: 1, name: 'Repositories' });

test('a person signs in on Keycloak’s pages, confirms the name, comes back without a form, and signs out at both', async () => {
  const { page, context } = await newPage();
  await page.goto(scene.stack.url);
  await start(page);
  await fillForm(page, 'alice', 'not the password');
  await page.getByText('Invalid username or password.').waitFor();
  await fillForm(page, 'alice');

  await page.getByRole('heading', { name: 'Welcome to Escale' }).waitFor();
  expect(await page.getByLabel('User name').inputValue()).toBe('alice');
  await page.getByRole('button', { name: 'Use this name' }).click();
  await page.getByRole('heading', { name: 'Push your first image' }).waitFor();

  // Nothing of Keycloak's is with the browser but Keycloak's own cookies.
  const ours = (await context.cookies(scene.stack.url)).filter(({ name }) => name.startsWith('escale'));
  expect(ours.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }))).toEqual([
    { name: 'escale_session', httpOnly: true, sameSite: 'Lax' },
  ]);
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length].join())).not.toContain('eyJ');

  // Our session is gone, Keycloak's is not: one redirect there and back.
  await context.clearCookies({ name: 'escale_session' });
  await page.goto(`${scene.stack.url}/auth/login`);
  await repositories(page).waitFor();

  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  expect(new URL(page.url()).origin).toBe(scene.stack.url);
  // Keycloak has forgotten the person too.
  await start(page);
  await page.locator('#username').waitFor();
  await context.close();
});

test('a script signs in as a person does', async () => {
  const bob = await signIn(scene.stack, 'bob', { confirm: false });
  expect(bob.landedOn.pathname).toBe('/welcome');
  const { viewer } = await bob.ask<{ viewer: { username: string } }>('{ viewer { username } }');
  expect(viewer.username).toBe('bob');
});

test.each([
  ['admin', true],
  ['bob', false],
])('the administrators’ group makes administrators: %s %s', async (username, isAdministrator) => {
  const person = await signIn(scene.stack, username, { confirm: false });
  expect(await person.ask('{ viewer { isAdministrator } }')).toEqual({ viewer: { isAdministrator } });
});

test.each(['none', 'plain'])('Keycloak takes no sign-in of ours with the code challenge %s', async (method) => {
  const away = await fetch(`${scene.stack.url}/auth/login`, { redirect: 'manual' });
  const address = new URL(away.headers.get('location') ?? '');
  if (method === 'plain') address.searchParams.set('code_challenge_method', 'plain');
  else for (const name of ['code_challenge', 'code_challenge_method']) address.searchParams.delete(name);
  const answer = await fetch(address, { redirect: 'manual' });
  const back = new URL(answer.headers.get('location') ?? '');
  expect([back.pathname, back.searchParams.get('error')]).toEqual(['/auth/callback', 'invalid_request']);
});

describe('where one ends after signing in (T22)', () => {
  const elsewhere = [
    ...[
      '//evil.example',
      '///evil.example',
      '////evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      '\\/evil.example',
    ],
    ...['/%2fevil.example', '/%2f%2fevil.example', '%2f%2fevil.example', '/%5cevil.example', '%5c%5cevil.example'],
    ...[
      'https://evil.example',
      'HTTPS://evil.example',
      'https:evil.example',
      'https:/evil.example',
      'http:evil.example',
    ],
    ...['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\tscript:alert(1)', 'data:text/html,evil', 'vbscript:evil'],
    ...[
      '/\t/evil.example',
      '/\n/evil.example',
      '/\r\n/evil.example',
      '\t//evil.example',
      ' //evil.example',
      '\u0000//evil',
    ],
    ...[
      '//user@evil.example',
      '/@evil.example',
      '@evil.example',
      '.evil.example',
      ':80@evil.example',
      '//evil.example:80',
    ],
    ...['/.//evil.example', '/..//evil.example', '/a/../..//evil.example', '/%2e%2e//evil.example', './/evil.example'],
    ...[
      '／／evil.example',
      '/／evil.example',
      '∕∕evil.example',
      '/;//evil.example',
      '/?//evil.example',
      '/#//evil.example',
    ],
    ...['blob:https://evil.example/1', `/${'a'.repeat(2100)}//evil.example`],
  ];

  test('is always our own origin, in a real browser', async () => {
    expect(elsewhere.length).toBeGreaterThanOrEqual(40);
    const { page, context } = await newPage();
    const visited: string[] = [];
    page.on('framenavigated', (frame) => visited.push(frame.url()));
    page.on('dialog', (dialog) => {
      visited.push(`a script asked: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(`${scene.stack.url}/auth/login`);
    await fillForm(page, 'carol');
    await page.getByRole('button', { name: 'Use this name' }).click();
    await repositories(page).waitFor();
    visited.length = 0;
    for (const target of elsewhere) {
      await page.goto(`${scene.stack.url}/auth/login?returnTo=${encodeURIComponent(target)}`);
      expect([target, new URL(page.url()).origin]).toEqual([target, scene.stack.url]);
    }
    const strange = visited.filter(
      (url) => ![scene.stack.url, new URL(scene.issuer).origin].includes(new URL(url).origin),
    );
    expect(strange).toEqual([]);
    await context.close();
  });
});
