import type { Request } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { consolePlaces } from '../support/console-places.ts';
import { consoleUnderTest, settled, signInAs } from '../support/console.ts';
import { askedBy } from '../support/documents.ts';
import { livelyScene, type LivelyScene } from '../support/lively-scene.ts';

let database: TestDatabase;
afterAll(() => database.close());
const product = consoleUnderTest(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  return {
    environment: {
      ESCALE_DATABASE_URL: database.url,
      ESCALE_SECRET_KEY: 'the key of an installation that counts, 32 bytes',
    },
  };
});
let scene: LivelyScene;
beforeAll(async () => {
  scene = await livelyScene(product.stack, database);
}, 120_000);

/** Who one is, what the page is about, and what it shows. */
const atMost = 3;

test('no page asks more than three times when it is opened by its address', { timeout: 240_000 }, async () => {
  const places = consolePlaces(scene.inhabitants);
  const tooMany: string[] = [];
  for (const viewer of ['nobody', 'alice', 'admin'] as const) {
    const { page, context } = await product.open();
    if (viewer !== 'nobody') await signInAs(page, product.stack, viewer);
    let asked: string[] = [];
    page.on('request', (request: Request) => {
      if (request.method() !== 'POST' || new URL(request.url()).pathname !== '/graphql') return;
      const [, kind = '', name = '?'] = /(query|mutation|subscription) (\w+)/.exec(askedBy(request)) ?? [];
      if (kind !== 'subscription') asked.push(name);
    });
    for (const { name, address } of places.filter((place) => place.viewer === viewer)) {
      asked = [];
      await page.goto(`${product.stack.url}${address}`);
      await settled(page);
      await page.waitForTimeout(300);
      if (asked.length > atMost) tooMany.push(`${name}: ${asked.join(', ')}`);
    }
    await context.close();
  }
  expect(tooMany).toEqual([]);
});
