import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { consoleUnderTest, expectSound, settled, signInAs } from '../support/console.ts';
import { pushImage, repositoryScene, type Scene } from './repository-scene.ts';

const pictures = path.resolve(import.meta.dirname, '../../test-results');
mkdirSync(pictures, { recursive: true });

const product = consoleUnderTest();
let scene: Scene;
beforeAll(async () => {
  scene = await repositoryScene(product.stack);
});

const at = (view: string) => `${product.stack.url}/repositories/acme/app/-/${view}`;

test('tags: found, sorted, unfolded, chosen with shift, changed and deleted, and one pushed meanwhile appears', async () => {
  const { page, context, complaints } = await product.open();
  await signInAs(page, product.stack, 'alice');
  await page.goto(at('tags?sort=NAME'));
  const names = page.locator('tbody a.font-medium');
  await expect.poll(() => names.allTextContents()).toEqual(['1.0', 'latest', 'multi']);

  // A signature stands under its image, and tags of one image know each other.
  await page.getByRole('row').filter({ hasText: 'latest' }).getByText('signed').waitFor();
  await page.getByRole('button', { name: 'What belongs to latest' }).click();
  await page.getByText('application/vnd.dev.cosign.artifact.sig.v1+json').waitFor();
  await page.getByRole('button', { name: 'What belongs to multi' }).click();
  await page.getByRole('listitem').filter({ hasText: 'linux/arm64' }).waitFor();
  await page
    .getByRole('row')
    .filter({ hasText: 'latest' })
    .getByRole('button', { name: 'same image as 1 other' })
    .click();
  await expect.poll(() => names.allTextContents()).toEqual(['1.0', 'latest']);
  expect(new URL(page.url()).searchParams.get('search')).toBe(scene.digest);
  await page.getByRole('searchbox').fill('');

  // What a client pushes now appears by itself.
  await pushImage(scene.client, 'amd64', '2.0');
  await expect.poll(() => names.allTextContents()).toEqual(['1.0', '2.0', 'latest', 'multi']);

  // Made here, moved here; the dialog says which of both it will be.
  await page.getByRole('button', { name: 'New tag' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Tag').fill('stable');
  await dialog.getByText('stable will be new').waitFor();
  await dialog.getByLabel('Image').fill('1.0');
  await dialog.getByRole('button', { name: 'Create tag' }).click();
  await expect.poll(() => names.allTextContents()).toEqual(['1.0', '2.0', 'latest', 'multi', 'stable']);

  await page.getByRole('button', { name: 'Actions for stable' }).click();
  await page.getByRole('menuitem', { name: 'Make immutable…' }).click();
  await dialog.getByRole('button', { name: 'Make immutable' }).click();
  await page.getByRole('row').filter({ hasText: 'stable' }).getByText('immutable').waitFor();

  // With shift, all between; what is refused is told one by one, and the rest is done.
  await page.getByRole('checkbox', { name: 'Select multi' }).click();
  await page.getByRole('checkbox', { name: 'Select stable' }).click({ modifiers: ['Shift'] });
  await page.getByText('2 selected').waitFor();
  await page.getByRole('toolbar').getByRole('button', { name: 'Delete…' }).click();
  await dialog.getByText(/^Deleting frees/).waitFor();
  await expectSound(page, 'delete dialog');
  await dialog.getByRole('button', { name: 'Delete 2 tags' }).click();
  await dialog.getByText('1 of 2 done').waitFor();
  await dialog.getByRole('listitem').filter({ hasText: 'stable' }).getByText('immutable').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect.poll(() => names.allTextContents()).toEqual(['1.0', '2.0', 'latest', 'stable']);

  await page.getByRole('button', { name: 'Actions for 2.0' }).click();
  await page.getByRole('menuitem', { name: 'Set expiry…' }).click();
  await dialog.getByRole('button', { name: 'Set expiry' }).click();
  await page
    .getByRole('row')
    .filter({ hasText: '2.0' })
    .getByText(/^expires in/)
    .waitFor();

  // The history has all of it, and gives back what was deleted.
  await page.getByRole('link', { name: 'Tag history' }).click();
  await page
    .getByRole('button', { name: /^Restore multi to/ })
    .first()
    .click();
  await dialog.getByRole('button', { name: 'Restore' }).click();
  await page.getByText('was restored').waitFor();
  await expectSound(page, 'history');
  await page.goto(at('tags?sort=NAME'));
  await expect.poll(() => names.allTextContents()).toEqual(['1.0', '2.0', 'latest', 'multi', 'stable']);
  await context.close();
  expect(complaints).toEqual([]);
});

test('permissions: granted by typing, explained with every reason, and granted from the explanation', async () => {
  const { page, context, complaints } = await product.open();
  await signInAs(page, product.stack, 'alice');
  await page.goto(at('permissions?who=bob&can=PUSH'));
  await page.getByText('bob may not push here').waitFor();
  await page.getByRole('button', { name: 'Grant Write…' }).click();
  await expectSound(page, 'grant dialog');
  await page.getByRole('dialog').getByRole('button', { name: 'Grant', exact: true }).click();
  await page.getByText('bob may push here').waitFor();
  await page.getByRole('listitem').filter({ hasText: 'Write: direct permission' }).filter({ hasText: 'bob' }).waitFor();
  await page.getByRole('listitem').filter({ hasText: 'Admin: organization admin (acme/owners)' }).waitFor();
  await expectSound(page, 'permissions');

  await page.getByRole('button', { name: 'Remove the permission of bob' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('bob may not push here').waitFor();

  await page.getByRole('combobox', { name: 'User, robot or team' }).fill('own');
  await page.getByRole('option', { name: 'owners' }).click();
  await page.getByRole('button', { name: 'Add permission' }).click();
  await page.getByRole('button', { name: 'Remove the permission of owners' }).waitFor();
  await context.close();
  expect(complaints).toEqual([]);
});

test('usage logs: by day and kind, narrowed in the address, live, and exported', async () => {
  const { page, context, complaints } = await product.open();
  await signInAs(page, product.stack, 'alice');
  await page.goto(at('logs?live=yes'));
  const entries = page.getByRole('list', { name: 'Entries' }).getByRole('listitem');
  await entries.first().waitFor();
  await page.getByRole('button', { name: /^Pushed \d+$/ }).click();
  await page.waitForURL(/kinds=repository\.pushed/);
  await expect.poll(() => entries.filter({ hasNotText: 'Pushed' }).count()).toBe(0);
  await page.getByText('Show as a table').click();
  await page.getByRole('columnheader', { name: 'Pushed' }).waitFor();

  // What a client does now appears by itself; the server stands ready once the switch says so.
  expect(await page.getByRole('switch', { name: 'Live' }).getAttribute('aria-checked')).toBe('true');
  await page.getByText('Connecting…').waitFor({ state: 'detached' });
  await pushImage(scene.client, 'amd64', 'live');
  await entries.filter({ hasText: 'acme/app:live' }).waitFor();

  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'JSON lines' }).click();
  const link = page.getByRole('dialog').getByRole('link', { name: 'Download' });
  await link.waitFor();
  await expectSound(page, 'export dialog');
  const file = await (await fetch((await link.getAttribute('href')) ?? '')).text();
  expect(
    new Set(
      file
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind),
    ),
  ).toEqual(new Set(['repository.pushed']));
  await page.keyboard.press('Escape');

  // The same for a namespace; whoever may not read it is told so.
  await page.goto(`${product.stack.url}/organizations/acme/logs?by=alice&range=30`);
  await entries.filter({ hasText: 'Organization created' }).waitFor();
  await expectSound(page, 'logs of an organization');
  await page.goto(`${product.stack.url}/users/alice/logs`);
  await entries.filter({ hasText: 'Application token created' }).waitFor();

  const other = await product.open({ locale: 'fr-FR' });
  await signInAs(other.page, product.stack, 'bob');
  await other.page.goto(`${product.stack.url}/organizations/acme/logs`);
  await other.page.getByText('Vous ne pouvez pas faire cela').waitFor();
  await other.context.close();
  await context.close();
  expect(complaints).toEqual([]);
});

test('settings: opened with what becomes visible, deleted with its name, and given back', async () => {
  const { page, context, complaints } = await product.open({ locale: 'fr-FR' });
  await signInAs(page, product.stack, 'alice');
  await page.goto(at('settings'));
  await page.getByRole('button', { name: 'Rendre public' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/^Deviendront visibles/).waitFor();
  await expectSound(page, 'visibility dialog');
  await page.keyboard.press('Escape');

  await scene.alice.ask(
    'mutation ($input: CreateRepositoryInput!) { createRepository(input: $input) { repository { id } } }',
    {
      input: { name: 'acme/old' },
    },
  );
  await page.goto(`${product.stack.url}/repositories/acme/old/-/settings`);
  await page.getByRole('button', { name: 'Supprimer le dépôt' }).click();
  await dialog.getByLabel('Saisissez acme/old pour confirmer').fill('acme/ol');
  expect(await dialog.getByRole('button', { name: 'Supprimer le dépôt' }).isDisabled()).toBe(true);
  await dialog.getByLabel('Saisissez acme/old pour confirmer').fill('acme/old');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'acme/old est supprimé' }).waitFor();
  await page.getByRole('button', { name: 'Restaurer le dépôt' }).click();
  await page.getByRole('button', { name: 'Supprimer le dépôt' }).waitFor();
  await context.close();
  expect(complaints).toEqual([]);
});

test.each([
  { scheme: 'light', width: 1440, locale: 'en-GB' },
  { scheme: 'dark', width: 1440, locale: 'fr-FR' },
  { scheme: 'dark', width: 390, locale: 'en-GB' },
  { scheme: 'light', width: 390, locale: 'fr-FR' },
] as const)(
  'every page of a repository holds hostile text at $width pixels, $scheme, $locale',
  async ({ scheme, width, locale }) => {
    const options = { viewport: { width, height: 900 }, colorScheme: scheme, locale };
    const { page, context, complaints } = await product.open(options);
    await signInAs(page, product.stack, 'alice');
    const pages = {
      'repository-information': at('information'),
      'repository-tags': at('tags'),
      'repository-history': at('history'),
      'repository-image': at(`manifests/${scene.digest}`),
      'repository-index': at(`manifests/${scene.indexDigest}`),
      'repository-permissions': at('permissions'),
      'repository-logs': at('logs'),
      'repository-settings': at('settings'),
    };
    for (const [name, address] of Object.entries(pages)) {
      await page.goto(address);
      await settled(page);
      if (name === 'repository-logs') {
        const lines = page.locator('ol > li > button');
        await lines.first().waitFor();
        for (const line of await lines.all()) await line.click();
      }
      await page.screenshot({ path: path.join(pictures, `${name}-${scheme}-${String(width)}.png`), fullPage: true });
      await expectSound(page, `${name} ${scheme} ${String(width)}`);
    }
    await context.close();
    expect(complaints).toEqual([]);
  },
);
