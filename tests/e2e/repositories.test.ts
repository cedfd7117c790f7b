import { beforeAll, expect, test } from 'vitest';
import { consoleUnderTest, expectSound, settled, signInAs } from '../support/console.ts';
import { repositoryScene, type Scene } from './repository-scene.ts';

const product = consoleUnderTest();
let scene: Scene;
beforeAll(async () => {
  scene = await repositoryScene(product.stack);
});

const at = (view: string) => `${product.stack.url}/repositories/acme/app/-/${view}`;

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
      await expectSound(page, `${name} ${scheme} ${String(width)}`);
    }
    await context.close();
    expect(complaints).toEqual([]);
  },
);
