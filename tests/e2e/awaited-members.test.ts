import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { consoleUnderTest, expectSound, settled, signInAs, wordsOf } from '../support/console.ts';
import { keyboard, mouse } from '../support/hands.ts';
import { livelyScene } from '../support/lively-scene.ts';

let database: TestDatabase;
afterAll(() => database.close());
const product = consoleUnderTest(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  return {
    environment: { ESCALE_DATABASE_URL: database.url, ESCALE_SECRET_KEY: 'the key of an installation with teams' },
  };
});
beforeAll(async () => {
  await livelyScene(product.stack, database);
}, 120_000);

describe.each([
  { language: 'en', scheme: 'light', width: 1440, hands: mouse, by: 'mouse' },
  { language: 'fr', scheme: 'dark', width: 390, hands: keyboard, by: 'keyboard alone' },
] as const)('in $language, by $by', ({ language, scheme, width, hands }) => {
  const t = wordsOf(language);
  const options = { viewport: { width, height: 900 }, colorScheme: scheme, locale: language };

  test('a team that follows a group says so in the list and on its page, and takes robots alone', async () => {
    const { page, context, complaints } = await product.open(options);
    const hand = hands(page);
    await signInAs(page, product.stack, 'alice');
    await page.goto(`${product.stack.url}/organizations/acme/teams`);
    const row = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'platform', exact: true }) });
    await row.getByText(t('teams.synced'), { exact: true }).waitFor();
    await hand.press(row.getByRole('link', { name: 'platform', exact: true }));
    await page.getByText(t('teams.syncedWith', { group: '/acme/platform', provider: 'Keycloak' })).waitFor();
    await page.getByRole('combobox', { name: t('teams.findRobot') }).waitFor();
    await settled(page);
    await expectSound(page, 'a synced team');
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('somebody who never signed in is added, stands apart from the members, and is waited for no longer', async () => {
    const { page, context, complaints } = await product.open(options);
    const hand = hands(page);
    await signInAs(page, product.stack, 'alice');
    await page.goto(`${product.stack.url}/organizations/acme/teams/operations`);
    await settled(page);
    const who = `zoe-${language}@acme.example`;
    await hand.find(page.getByRole('combobox', { name: t('teams.findMember') }), who, who);
    await hand.press(page.getByRole('button', { name: t('teams.addMember'), exact: true }));
    await page.getByRole('heading', { name: t('teams.pending') }).waitFor();
    await page.getByRole('listitem').filter({ hasText: who }).waitFor();
    await settled(page);
    await expectSound(page, 'a team that waits for somebody');
    await hand.press(page.getByRole('button', { name: t('teams.forget', { who }) }));
    await hand.press(page.getByRole('dialog').getByRole('button', { name: t('teams.forgetAction'), exact: true }));
    await page.getByRole('heading', { name: t('teams.pending') }).waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
    await context.close();
  });
});

test('whoever was waited for is a member from the first sign-in on', async () => {
  const { page, context, complaints } = await product.open();
  const t = wordsOf('en');
  await signInAs(page, product.stack, 'alice');
  await page.goto(`${product.stack.url}/organizations/acme/teams/support`);
  await settled(page);
  await mouse(page).find(page.getByRole('combobox', { name: t('teams.findMember') }), 'carol', 'carol');
  await page.getByRole('button', { name: t('teams.addMember'), exact: true }).click();
  await page.getByRole('heading', { name: t('teams.pending') }).waitFor();
  const carol = await product.open();
  await signInAs(carol.page, product.stack, 'carol');
  await carol.page.goto(`${product.stack.url}/organizations/acme/teams`);
  await carol.page.getByRole('link', { name: 'support', exact: true }).waitFor();
  await carol.context.close();
  await page.reload();
  await page.getByRole('button', { name: t('teams.removeOf', { who: 'carol' }) }).waitFor();
  await settled(page);
  expect(await page.getByRole('heading', { name: t('teams.pending') }).count()).toBe(0);
  expect(complaints).toEqual([]);
  await context.close();
});
