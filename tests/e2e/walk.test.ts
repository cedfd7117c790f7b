import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { consoleUnderTest, expectSound, settled, signInAs, wordsOf } from '../support/console.ts';
import { keyboard, mouse } from '../support/hands.ts';
import { OciClient } from '../support/oci.ts';
import { signIn } from '../support/sign-in.ts';

const pictures = path.resolve(import.meta.dirname, '../../test-results');
mkdirSync(pictures, { recursive: true });

const product = consoleUnderTest();
// Whoever has signed in once has a name that nobody else can have.
beforeAll(() => signIn(product.stack, 'carol'));

/** Once with the mouse on a light screen, once with the keyboard alone on a dark one, by somebody who has never been here. */
test.each([
  { language: 'en', scheme: 'light', who: 'alice', organization: 'acme', hands: mouse, by: 'mouse' },
  { language: 'fr', scheme: 'dark', who: 'bob', organization: 'harbour', hands: keyboard, by: 'keyboard alone' },
] as const)(
  'from signing in to a tag in the list, and out again, in $language, by $by',
  async ({ language, scheme, who, organization, hands }) => {
    const { stack } = product;
    const { page, context, complaints } = await product.open({ locale: language, colorScheme: scheme });
    const t = wordsOf(language);
    const hand = hands(page);
    const button = (name: string, within: Page | Locator = page) => within.getByRole('button', { name, exact: true });
    const field = (name: string) => page.getByRole('textbox', { name });

    await page.goto(stack.url);
    await settled(page);
    await expectSound(page, 'sign-in');
    await hand.press(page.getByRole('link', { name: t('signIn.with', { provider: 'Keycloak' }) }));
    await hand.fill(page.locator('input[name=username]'), who);
    await hand.fill(page.locator('input[name=password]'), stack.demoPassword);
    await hand.press(page.locator('button[type=submit]'));

    // The first sign-in asks for the user name, and says while one types whether it can be had.
    await page.getByRole('heading', { name: t('welcome.title') }).waitFor();
    for (const [name, says] of [
      ['settings', 'RESERVED'],
      ['A b', 'INVALID'],
      [who, 'VALID'],
    ] as const) {
      await hand.fill(field(t('welcome.username')), name);
      await page.getByText(t(`name.${says}`, { name })).waitFor();
    }
    await expectSound(page, 'welcome');
    await hand.press(button(t('welcome.use')));
    await page.getByRole('heading', { name: t('home.empty.title') }).waitFor();
    await expectSound(page, 'first steps');

    await hand.menu(button(t('app.new')), t('organization.new'));
    await hand.fill(field(t('organization.name')), 'carol');
    await page.getByText(t('name.TAKEN', { name: 'carol' })).waitFor();
    await hand.fill(field(t('organization.name')), organization);
    await page.getByText(t('name.VALID', { name: organization })).waitFor();
    await hand.press(button(t('organization.create')));
    await page.getByRole('heading', { name: organization, level: 1 }).waitFor();
    await page.getByText(`docker push ${stack.host}/${organization}/app:1`).waitFor();

    // An application token, which every client can be given ready to paste.
    await hand.menu(button(t('app.menu', { username: who })), t('settings.title'));
    await hand.press(button(t('tokens.new')));
    await hand.fill(field(t('tokens.name')), 'my laptop');
    await hand.select(page.getByRole('combobox', { name: t('tokens.expires') }), t('tokens.days', { n: 90 }));
    await expectSound(page, 'new token');
    await hand.press(button(t('tokens.create')));
    const dialog = page.getByRole('dialog', { name: t('credentials.of', { who: 'my laptop' }) });
    for (const kind of ['KUBERNETES_SECRET', 'PODMAN_LOGIN', 'HELM_LOGIN', 'DOCKER_CONFIG', 'DOCKER_LOGIN']) {
      await hand.tab(dialog.getByRole('tab', { name: t(`credentials.${kind}`), exact: true }));
      await dialog.locator('pre').first().waitFor();
      expect(await dialog.innerText()).not.toMatch(/esc_app_|[A-Za-z0-9+/]{40}/);
      await expectSound(page, kind);
    }
    await dialog.getByText(`docker login -u='$app' -p='••••••••' ${stack.host}`).waitFor();
    await hand.press(button(t('app.copy'), dialog).first());
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toMatch(/^docker login -u='\$app' -p='esc_app_\w+' \S+$/);
    const line = await page.evaluate(() => navigator.clipboard.readText());
    const { username, password } = pastedIntoShell(line);
    expect(username).toBe('$app');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    // The same token is shown again at any later time.
    await hand.press(button(t('tokens.show', { title: 'my laptop' })));
    await dialog.getByText('docker login').first().waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expectSound(page, 'tokens');

    const client = new OciClient(stack.url, { username, password });
    const pushed = await client.pushImage(`${organization}/app`, '1', [100_000, 250_000]);
    await page.goto(stack.url);
    await hand.press(page.getByRole('link', { name: `${organization}/app` }));
    await page.getByText(`docker pull ${stack.host}/${organization}/app:1`).waitFor();
    await hand.press(page.getByRole('link', { name: new RegExp(`^${t('repository.tags')}`) }));
    const row = page.getByRole('row').filter({ hasText: t('tags.by', { who }) });
    await row.waitFor();
    expect(await row.textContent()).toContain('350');
    expect(await row.textContent()).toContain(pushed.digest.slice('sha256:'.length, 'sha256:'.length + 12));

    // Signed out here and at the provider; going back shows nothing private.
    await hand.menu(button(t('app.menu', { username: who })), t('app.signOut'));
    await page.getByText(t('signIn.reason.signed-out')).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: t('signIn.with', { provider: 'Keycloak' }) }).waitFor();
    expect(await page.content()).not.toContain(`${organization}/app`);
    await context.close();
    expect(complaints).toEqual([]);
  },
);

/** What `docker` is told when a line is pasted into a POSIX shell. */
function pastedIntoShell(line: string): { username: string; password: string } {
  const told = execFileSync('sh', ['-c', `docker() { printf '%s\\n' "$@"; }; ${line}`], { encoding: 'utf8' });
  const username = /^-u=(.*)$/m.exec(told)?.[1];
  const password = /^-p=(.*)$/m.exec(told)?.[1];
  if (username === undefined || password === undefined) throw new Error(`docker is told ${told}`);
  return { username, password };
}

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
