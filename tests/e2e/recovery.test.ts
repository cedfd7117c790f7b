import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { accessibilityViolations } from '../support/accessibility.ts';
import { consoleUnderTest, fillProviderForm, signInAs } from '../support/console.ts';
import { askedBy } from '../support/documents.ts';

const product = consoleUnderTest();

test('a lost session leads to sign-in and back to the same dialog, with what was typed', async () => {
  const window = await product.open();
  const { page, context } = window;
  await signInAs(page, product.stack, 'alice');
  await page.goto(`${product.stack.url}/settings/tokens?new=1`);
  await page.getByLabel('Title').fill('my laptop');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Create token' }).click();
  await page.getByText('Your session has ended.').waitFor();
  await page.getByRole('link', { name: 'Sign in with Keycloak' }).click();
  await fillProviderForm(page, product.stack, 'alice');
  await page.waitForURL(`${product.stack.url}/settings/tokens?new=1`);
  expect(await page.getByLabel('Title').inputValue()).toBe('my laptop');
  await page.getByRole('button', { name: 'Create token' }).click();
  await page.getByRole('dialog', { name: 'Credentials of my laptop' }).waitFor();
  await context.close();
});

test('a form of an organization is filled in as it was, too', async () => {
  const { page, context } = await product.open();
  await signInAs(page, product.stack, 'alice');
  await page.goto(`${product.stack.url}/new/organization`);
  await page.getByLabel('Organization name').fill('lighthouse');
  await page.getByLabel('Description').fill('It shows the way');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.getByText('Your session has ended.').waitFor();
  await page.getByRole('link', { name: 'Sign in with Keycloak' }).click();
  await fillProviderForm(page, product.stack, 'alice');
  await page.waitForURL(`${product.stack.url}/new/organization`);
  expect(await page.getByLabel('Description').inputValue()).toBe('It shows the way');
  await page.getByText('lighthouse is free').waitFor();
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.getByRole('heading', { name: 'lighthouse', level: 1 }).waitFor();
  await context.close();
});

/** The server's answer to the next mutation of this name, as if the person had signed in long ago. */
async function refuseOnce(page: Page, mutation: string): Promise<void> {
  let refused = false;
  await page.route(
    (url) => url.pathname === '/graphql',
    async (route) => {
      if (refused || !askedBy(route.request()).includes(`${mutation}(input`)) return route.fallback();
      refused = true;
      const error = { message: 'sign in again', path: [mutation], extensions: { code: 'FRESH_SIGN_IN_REQUIRED' } };
      await route.fulfill({ json: { data: null, errors: [error] } });
    },
  );
}

test('making and showing a token may ask for a new sign-in, and go on in the same dialog after it', async () => {
  const window = await product.open();
  const { page, context } = window;
  await signInAs(page, product.stack, 'alice');
  const signInAgain = async () => {
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    await dialog.waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Sign in with Keycloak' }).click();
    // The provider asks for the password although the browser is signed in there: only a new proof counts.
    await fillProviderForm(page, product.stack, 'alice');
  };
  await page.goto(`${product.stack.url}/settings/tokens?new=1`);
  await page.getByLabel('Title').fill('tablet');
  await refuseOnce(page, 'createApplicationToken');
  await page.getByRole('button', { name: 'Create token' }).click();
  await signInAgain();
  await page.waitForURL(`${product.stack.url}/settings/tokens?new=1`);
  expect(await page.getByLabel('Title').inputValue()).toBe('tablet');
  await page.getByRole('button', { name: 'Create token' }).click();
  const credentials = page.getByRole('dialog', { name: 'Credentials of tablet' });
  await credentials.waitFor();
  await page.keyboard.press('Escape');
  await credentials.waitFor({ state: 'detached' });
  await refuseOnce(page, 'revealApplicationToken');
  await page.getByRole('button', { name: 'tablet' }).first().click();
  await signInAgain();
  await credentials.waitFor();
  await context.close();
});

test('a restart of the server shows a quiet banner, and the page recovers by itself with what is typed', async () => {
  const window = await product.open();
  const { page, context } = window;
  await signInAs(page, product.stack, 'alice');
  await page.goto(`${product.stack.url}/new/organization`);
  const name = page.getByLabel('Organization name');
  await name.fill('before');
  await page.getByText('before is free').waitFor();
  await product.stack.halt();
  await name.fill('harbour');
  const banner = page.getByText('The server does not answer.');
  await banner.waitFor();
  await product.stack.restart();
  await banner.waitFor({ state: 'detached' });
  expect(await name.inputValue()).toBe('harbour');
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.getByRole('heading', { name: 'harbour', level: 1 }).waitFor();
  await context.close();
});

test('after signing out the back button shows nothing private, and other windows are emptied', async () => {
  const window = await product.open();
  const { page, context } = window;
  await signInAs(page, product.stack, 'alice');
  const other = await context.newPage();
  await other.goto(`${product.stack.url}/settings/profile`);
  await other.getByText('alice@example.org').waitFor();
  await page.goto(`${product.stack.url}/settings/profile`);
  await page.getByText('alice@example.org').waitFor();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  await other.getByText('Sign in to see this page.').waitFor();
  await page.goBack();
  await page.getByRole('link', { name: 'Sign in with Keycloak' }).waitFor();
  expect(await page.content()).not.toContain('alice@example.org');
  expect((await fetch(product.stack.url)).headers.get('cache-control')).toBe('no-store');
  await context.close();
});

test('the first page is light, no page asks more than three times, and none shifts noticeably while it loads', async () => {
  const first = await product.open();
  await signInAs(first.page, product.stack, 'alice');
  const storageState = await first.context.storageState();
  await first.context.close();
  const window = await product.open({ storageState });
  const { page, context } = window;
  const places = [
    '/',
    '/settings/tokens',
    '/settings/api-tokens',
    '/settings/sessions',
    '/settings/profile',
    '/search?q=a',
  ];
  for (const place of places) {
    window.graphqlRequests();
    await page.goto(`${product.stack.url}${place}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    expect([place, window.graphqlRequests() <= 3]).toEqual([place, true]);
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) sum += (entry as PerformanceEntry & { value: number }).value;
          }).observe({ type: 'layout-shift', buffered: true });
          setTimeout(() => {
            resolve(sum);
          }, 100);
        }),
    );
    expect([place, shift < 0.01]).toEqual([place, true]);
  }
  await context.close();

  const stranger = await product.open();
  await stranger.page.goto(product.stack.url);
  await stranger.page.getByRole('link', { name: 'Sign in with Keycloak' }).waitFor();
  await stranger.page.waitForLoadState('networkidle');
  const bytes = await stranger.scriptBytes();
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(180_000);
  await stranger.context.close();
});
