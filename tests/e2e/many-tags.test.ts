import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { consoleUnderTest, expectSound, settled, signInAs } from '../support/console.ts';
import { repositoryScene } from './repository-scene.ts';

/** A repository with ten thousand tags: all of them are at hand, and only what one looks at is fetched. */
let database: TestDatabase;
// Before the product's own, so that it runs after them: the last to be registered are the first to run.
afterAll(() => database.close());
const product = consoleUnderTest(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  return {
    environment: { ESCALE_DATABASE_URL: database.url, ESCALE_SECRET_KEY: 'a'.repeat(16) + '0123456789'.repeat(4) },
  };
});
const many = 10_000;
/** With those of the scene: `1.0`, `latest` and `multi`. */
const all = '10,003';

beforeAll(async () => {
  const { digest, indexDigest } = await repositoryScene(product.stack);
  // The older the larger the number; every thousandth is the index, which is larger than the image.
  await database.orm.em.fork().execute(
    `insert into tags (id, repository_id, name, manifest_id, pushed_by, started_at)
       select gen_random_uuid(), m.repository_id, 'v' || lpad(i::text, 5, '0'), m.id, 'alice', now() - make_interval(mins => i)
         from generate_series(1, ?) i join manifests m on m.digest = case when i % 1000 = 0 then ? else ? end`,
    [many, indexDigest, digest],
  );
});

/** What the page asks the API from now on, streams of events apart, and of how many tags it is told more than the name. */
function watchRequests(page: Page) {
  let requests = 0;
  let answers: Promise<string>[] = [];
  page.on('request', (request) => {
    if (isQuestion(request.url(), request.headers())) requests += 1;
  });
  page.on('response', (response) => {
    // What was answered to a page that was left meanwhile is gone, and nobody was shown it.
    if (isQuestion(response.url(), response.request().headers())) answers.push(response.text().catch(() => ''));
  });
  return {
    /** Since it was last asked. */
    seen: async () => {
      const texts = await Promise.all(answers);
      const seen = { requests, tags: texts.join('').split('"pushedBy":').length - 1 };
      requests = 0;
      answers = [];
      return seen;
    },
  };
}

function isQuestion(url: string, headers: Readonly<Record<string, string>>): boolean {
  return url === `${product.stack.url}/graphql` && headers['accept'] !== 'text/event-stream';
}

test('ten thousand tags are light, and all of them can be found, sorted, reached and chosen', async () => {
  const { page, context, complaints } = await product.open();
  await signInAs(page, product.stack, 'alice');
  await settled(page);

  const { seen } = watchRequests(page);
  const rows = page.locator('tbody tr');
  const names = page.locator('tbody a.font-medium');
  const inTable = async () => {
    const count = await rows.count();
    expect(count).toBeLessThan(80);
    return count;
  };
  await page.goto(`${product.stack.url}/repositories/acme/app/-/tags`);
  await names.filter({ hasText: 'v00001' }).waitFor();
  await settled(page);
  const opened = await seen();
  expect(opened.requests).toBeGreaterThan(0);
  expect(opened.requests).toBeLessThanOrEqual(3);
  expect(opened.tags).toBeGreaterThan(10);
  expect(opened.tags).toBeLessThan(100);
  expect(await inTable()).toBeGreaterThan(10);
  await page.getByText(`${all} tags`, { exact: true }).waitFor();

  // The end is one key and one request away; what was passed is not fetched.
  await page.locator('body').press('End');
  await names.filter({ hasText: `v${String(many)}` }).waitFor();
  expect(
    await page
      .getByRole('row')
      .filter({ hasText: `v${String(many)}` })
      .textContent(),
  ).toContain('by alice');
  await settled(page);
  const atEnd = await seen();
  expect(atEnd.requests).toBeLessThanOrEqual(2);
  expect(atEnd.tags).toBeLessThan(200);
  await inTable();
  await expectSound(page, 'the end of many tags');

  // Orders and the filter are of all, not of what happens to be loaded.
  await page.goto(`${product.stack.url}/repositories/acme/app/-/tags?sort=NAME`);
  await expect.poll(() => names.first().textContent()).toBe('1.0');
  await page.locator('body').press('End');
  await names.filter({ hasText: `v${String(many)}` }).waitFor();
  await page.goto(`${product.stack.url}/repositories/acme/app/-/tags?sort=SIZE`);
  await names.first().waitFor();
  const largest = (await names.allTextContents()).slice(0, 11).toSorted();
  expect(largest).toEqual([
    'multi',
    ...Array.from({ length: 10 }, (_, at) => `v${String((at + 1) * 1000).padStart(5, '0')}`),
  ]);
  await page.getByRole('searchbox').fill('v0999');
  await expect.poll(() => names.count()).toBe(10);

  // What is chosen is what the box says.
  await page.getByRole('checkbox', { name: 'Select all 10 tags' }).click();
  await page.getByText('10 selected').waitFor();
  await page.getByRole('toolbar').getByRole('button', { name: 'Delete…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Delete 10 tags' }).click();
  await page.getByText('No tag matches.').waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByText('9,993 tags', { exact: true }).waitFor();
  await page.getByRole('checkbox', { name: 'Select all 9,993 tags' }).click();
  await page.getByText('9,993 selected').waitFor();
  await inTable();
  await page.getByRole('toolbar').getByRole('button', { name: 'Set expiry…' }).click();
  await dialog.getByText('and 9,893 more').waitFor();
  expect(await dialog.getByRole('listitem').count()).toBe(101);
  await context.close();
  expect(complaints).toEqual([]);
});
