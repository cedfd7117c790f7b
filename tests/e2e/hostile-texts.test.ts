import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { consolePlaces } from '../support/console-places.ts';
import { consoleUnderTest, overflowOf, settled, signInAs } from '../support/console.ts';
import { hostile } from '../support/hostile-texts.ts';
import { hostileScene } from '../support/hostile-scene.ts';
import type { LivelyScene } from '../support/lively-scene.ts';
import { pushImage, repositoryScene, type Scene } from './repository-scene.ts';

/** Forty texts in every place that shows text of others: nothing runs, nothing is taken for markup, nothing sticks out at 390 px. */
let database: TestDatabase;
afterAll(() => database.close());
const product = consoleUnderTest(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  return {
    environment: {
      ESCALE_DATABASE_URL: database.url,
      ESCALE_SECRET_KEY: 'the key of a hostile installation, 32 bytes',
    },
  };
});
let scene: LivelyScene;
let pushed: Scene;
let deprecated: string;
beforeAll(async () => {
  scene = await hostileScene(product.stack, database);
  pushed = await repositoryScene(product.stack, 'pushed');
  ({ digest: deprecated } = await pushImage(pushed, 'amd64', 'old', { 'escale.deprecated': hostile.join('\n') }));
}, 120_000);

const one = encodeURIComponent(hostile[0] ?? '');
const all = encodeURIComponent(hostile.join(' ').slice(0, 1500));

/** Addresses that hold text, and what was pushed with text in it. */
const further = (): Readonly<Record<string, string>> => ({
  'pushed-information': '/repositories/pushed/app/-/information',
  'pushed-tags': '/repositories/pushed/app/-/tags',
  'pushed-image': `/repositories/pushed/app/-/manifests/${pushed.digest}`,
  'pushed-index': `/repositories/pushed/app/-/manifests/${pushed.indexDigest}`,
  'pushed-deprecated': `/repositories/pushed/app/-/manifests/${deprecated}`,
  'pushed-logs': '/repositories/pushed/app/-/logs',
  'asked-search': `/search?q=${all}`,
  'asked-tags': `/repositories/acme/app/-/tags?search=${all}&sort=${all}&folded=${all}`,
  'asked-history': `/repositories/acme/app/-/history?tag=${all}`,
  'asked-permissions': `/repositories/acme/app/-/permissions?who=${all}&can=PUSH`,
  'asked-logs': `/organizations/acme/logs?by=${all}&kinds=${all}&range=${one}&from=${one}&to=${one}&live=${one}`,
  'asked-organization': `/organizations/${encodeURIComponent(hostile[0] ?? '')}`,
  'asked-user': `/users/${encodeURIComponent(hostile[1] ?? '')}`,
  'asked-repository': `/repositories/${encodeURIComponent(`acme/${hostile[10] ?? ''}`)}/-/information`,
  'asked-namespace': `/new/repository?namespace=${all}`,
});

/** Where all forty are read as they are. */
const shown: Readonly<Record<string, string>> = {
  'organization-repositories': 'the description of an organization, of its repositories',
  'organization-team': 'descriptions of a team, and whom it waits for',
  'organization-robot': 'the description of a robot',
  'repository-information': 'the description of a repository',
  'settings-profile': 'an e-mail address',
  'settings-tokens': 'titles of application tokens',
  'settings-api-tokens': 'titles of API tokens',
  'administration-messages': 'a message of the administrators',
  'organization-logs': 'clients, tokens and details in usage logs',
  'pushed-image': 'labels of an image',
  'pushed-index': 'annotations',
};

test('forty hostile texts are text, on every page, at 390 pixels', { timeout: 300_000 }, async () => {
  expect(new Set(hostile).size).toBe(40);
  const places = consolePlaces(scene.inhabitants).concat(
    Object.entries(further()).map(([name, address]) => ({ name, address, viewer: 'alice' as const })),
  );
  const notShown: string[] = [];
  for (const viewer of ['nobody', 'alice', 'admin'] as const) {
    const { page, context, complaints } = await product.open({ viewport: { width: 390, height: 900 } });
    if (viewer !== 'nobody') await signInAs(page, product.stack, viewer);
    // What the identity provider says takes its place at each sign-in.
    await database.orm.em.fork().execute('update users set email = ?', [hostile.join('\n')]);
    if (viewer === 'admin')
      await database.orm.em
        .fork()
        .execute(
          `insert into global_messages (id, severity, text, created_by, created_at) values (gen_random_uuid(), 'info', ?, 'boss', now())`,
          [hostile.join('\n')],
        );
    for (const { name, address } of places.filter((place) => place.viewer === viewer)) {
      await page.goto(`${product.stack.url}${address}`);
      await settled(page).catch((error: unknown) => {
        throw new Error(`${name} shows nothing`, { cause: error });
      });
      if (name.endsWith('-logs')) await openEntries(page);
      expect([name, await overflowOf(page), await takenForMarkup(page)]).toEqual([name, 0, 0]);
      expect([name, complaints]).toEqual([name, []]);
      if (shown[name] !== undefined)
        notShown.push(
          ...(await missing(page)).map((text) => `${name} does not show ${JSON.stringify(text.slice(0, 40))}`),
        );
    }
    await context.close();
  }
  expect(notShown).toEqual([]);
});

async function openEntries(page: Page): Promise<void> {
  // One would be open at a time where each closes the other; they do not.
  for (const line of await page.locator('ol > li > button').all()) await line.click();
}

/** Elements and attributes that nothing but one of the texts can have brought. */
function takenForMarkup(page: Page): Promise<number> {
  const foreign =
    '[onerror],[onload],[onfocus],[onmouseover],iframe,base,math,form form,script:not([src]),' +
    ['javascript', 'data', 'vbscript'].map((scheme) => `[href^="${scheme}:" i],[src^="${scheme}:text" i]`).join(',');
  return page.evaluate((selector) => document.querySelectorAll(selector).length, foreign);
}

function missing(page: Page): Promise<string[]> {
  return page.evaluate(
    (texts) => texts.filter((text) => !(document.querySelector('main')?.textContent ?? '').includes(text)),
    [...hostile],
  );
}
