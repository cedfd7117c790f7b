import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { consoleUnderTest, goThroughProvider, expectSound, settled, signInAs } from '../support/console.ts';
import { OciClient } from '../support/oci.ts';

const pictures = path.resolve(import.meta.dirname, '../../test-results');
mkdirSync(pictures, { recursive: true });

const product = consoleUnderTest();

test('from signing in to a tag in the list', async () => {
  const { stack } = product;
  const { page, complaints } = await product.open();
  await goThroughProvider(page, stack, 'alice');

  // The first sign-in asks for the user name, and says while one types whether it can be had.
  await page.getByRole('heading', { name: 'Welcome to Escale' }).waitFor();
  const username = page.getByLabel('User name');
  await username.fill('settings');
  await page.getByText('settings is reserved').waitFor();
  await username.fill('alice');
  await page.getByText('alice is free').waitFor();
  await page.getByRole('button', { name: 'Use this name' }).click();
  await page.getByRole('heading', { name: 'Push your first image' }).waitFor();

  await page.getByRole('button', { name: 'New', exact: true }).click();
  await page.getByRole('menuitem', { name: 'New organization' }).click();
  await page.getByLabel('Organization name').fill('alice');
  await page.getByText('alice is taken').or(page.getByText('alice is free')).first().waitFor();
  await page.getByLabel('Organization name').fill('acme');
  await page.getByText('acme is free').waitFor();
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.getByRole('heading', { name: 'acme', level: 1 }).waitFor();
  await page.getByText(`docker push ${stack.host}/acme/app:1`).waitFor();

  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Account settings' }).click();
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByLabel('Title').fill('my laptop');
  await page.getByRole('button', { name: 'Create token' }).click();
  const dialog = page.getByRole('dialog', { name: 'Credentials of my laptop' });
  await dialog.getByText(`docker login -u='$app' -p='••••••••' ${stack.host}`).waitFor();
  await dialog.getByRole('button', { name: 'Copy', exact: true }).first().click();
  const line = await page.evaluate(() => navigator.clipboard.readText());
  expect(line).toMatch(/^docker login -u='\$app' -p='esc_app_\w+' localhost:\d+$/);
  await page.keyboard.press('Escape');

  // The same token is shown again at any later time.
  await page.getByRole('button', { name: 'Show the credentials of my laptop' }).click();
  await dialog.getByText('docker login').first().waitFor();
  await page.keyboard.press('Escape');

  const password = /-p='([^']+)'/.exec(line)?.[1] ?? '';
  const pushed = await new OciClient(stack.url, { username: '$app', password }).pushImage(
    'acme/app',
    '1',
    [100_000, 250_000],
  );

  await page.goto(stack.url);
  await page.getByRole('link', { name: 'acme/app' }).click();
  await page.getByText(`docker pull ${stack.host}/acme/app:1`).waitFor();
  await page.getByRole('link', { name: /^Tags/ }).click();
  const row = page.getByRole('row').filter({ hasText: 'by alice' });
  expect(await row.textContent()).toContain('350');
  expect(await row.textContent()).toContain(pushed.digest.slice('sha256:'.length, 'sha256:'.length + 12));

  await page.goto(`${stack.url}/organizations/acme/robots`);
  await page.getByRole('button', { name: 'New robot' }).click();
  await page.getByLabel('Name', { exact: true }).fill('ci');
  await page.getByText('Machines sign in as acme+ci').waitFor();
  await page.getByRole('button', { name: 'Create robot' }).click();
  await page
    .getByRole('dialog', { name: 'Credentials of acme+ci' })
    .getByRole('tab', { name: 'Kubernetes secret' })
    .click();
  await page.getByText('name: acme-ci-pull-secret').first().waitFor();
  await page.keyboard.press('Escape');

  await page.goto(`${stack.url}/repositories/acme/app/-/permissions`);
  await page.getByRole('combobox', { name: 'User, robot or team' }).fill('ci');
  await page.getByRole('option', { name: 'acme+ci' }).click();
  await page.getByRole('button', { name: 'Add permission' }).click();
  await page.getByRole('button', { name: 'Remove the permission of acme+ci' }).waitFor();

  await page.goto(`${stack.url}/repositories/acme/app/-/settings`);
  await page.getByRole('button', { name: 'Make public' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Make public' }).click();
  await page.getByText('This repository is public').waitFor();
  expect((await new OciClient(stack.url).request('/v2/acme/app/manifests/1')).status).toBe(200);

  // Signed out here and at the provider; going back shows nothing private.
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  await page.goBack();
  await page.getByRole('link', { name: 'Sign in with Keycloak' }).waitFor();
  await page.context().close();
  expect(complaints).toEqual([]);
});

test.each([
  { scheme: 'light', width: 1440, locale: 'en-GB' },
  { scheme: 'dark', width: 1440, locale: 'fr-FR' },
  { scheme: 'light', width: 390, locale: 'fr-FR' },
  { scheme: 'dark', width: 390, locale: 'en-GB' },
] as const)(
  'every page fits $width pixels, $scheme, $locale, without a complaint',
  async ({ scheme, width, locale }) => {
    const { stack } = product;
    const { page, context, complaints } = await product.open({
      viewport: { width, height: 900 },
      colorScheme: scheme,
      locale,
    });
    await signInAs(page, stack, 'alice');
    const pages = {
      home: '/',
      organization: '/organizations/acme/repositories',
      robots: '/organizations/acme/robots',
      information: '/repositories/acme/app/-/information',
      tags: '/repositories/acme/app/-/tags',
      permissions: '/repositories/acme/app/-/permissions',
      settings: '/repositories/acme/app/-/settings',
      tokens: '/settings/tokens',
      'new-repository': '/new/repository',
      'not-found': '/there/is/no/such/page',
    };
    for (const [name, address] of Object.entries(pages)) {
      await page.goto(`${stack.url}${address}`);
      await settled(page);
      await page.screenshot({ path: path.join(pictures, `${name}-${scheme}-${String(width)}.png`) });
      expect(await page.evaluate(() => document.documentElement.lang)).toBe(locale.slice(0, 2));
      await expectSound(page, name);
    }
    await context.close();
    expect(complaints).toEqual([]);
  },
);
