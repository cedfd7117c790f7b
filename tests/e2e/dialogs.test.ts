import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { consoleUnderTest, expectSound, nothingUnderway, settled, signInAs, wordsOf } from '../support/console.ts';
import { livelyScene } from '../support/lively-scene.ts';
import { dialogs } from './dialog-list.ts';

let database: TestDatabase;
afterAll(() => database.close());
const product = consoleUnderTest(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  return {
    environment: { ESCALE_DATABASE_URL: database.url, ESCALE_SECRET_KEY: 'the key of an installation with dialogs' },
  };
});
beforeAll(async () => {
  await (await livelyScene(product.stack, database)).announce();
}, 120_000);

describe.each([
  { language: 'en', scheme: 'light', width: 1440 },
  { language: 'fr', scheme: 'dark', width: 390 },
] as const)('in $language, $scheme, at $width pixels', ({ language, scheme, width }) => {
  test('every dialog is sound, and gives the focus back to what opened it', { timeout: 300_000 }, async () => {
    const t = wordsOf(language);
    for (const viewer of ['alice', 'admin'] as const) {
      const options = { viewport: { width, height: 900 }, colorScheme: scheme, locale: language };
      const { page, context, complaints } = await product.open(options);
      page.setDefaultTimeout(10_000);
      await signInAs(page, product.stack, viewer);
      for (const place of dialogs.filter((one) => one.viewer === viewer)) {
        const { name, address } = place;
        await page.goto(`${product.stack.url}${address}`);
        await settled(page);
        const opener = await place.open(page, t).catch((error: unknown) => {
          throw new Error(`${name} does not open`, { cause: error });
        });
        const dialog = page.getByRole('dialog');
        await dialog.waitFor();
        await nothingUnderway(page);
        await expectSound(page, name);
        await page.keyboard.press('Escape');
        if (place.closedBy !== undefined) await dialog.getByRole('button', { name: t(place.closedBy) }).click();
        await dialog.waitFor({ state: 'detached' });
        const isBack = () => opener?.evaluate((element) => element === document.activeElement) ?? true;
        await expect.poll(async () => [name, await isBack()]).toEqual([name, true]);
        expect([name, complaints]).toEqual([name, []]);
      }
      await context.close();
    }
  });
});
