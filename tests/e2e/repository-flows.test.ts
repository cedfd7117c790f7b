import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consoleUnderTest, expectSound, signInAs, wordsOf, type ConsoleWindow } from '../support/console.ts';
import { askedBy } from '../support/documents.ts';
import { expectHeldFocus, keyboard, mouse, type Hands } from '../support/hands.ts';
import { pushImage, repositoryScene, type Scene } from './repository-scene.ts';

const product = consoleUnderTest();

/** Every flow in each language: once with the mouse on a light screen, once with the keyboard alone on a dark one. */
const ways = [
  { language: 'en', scheme: 'light', hands: mouse, by: 'mouse' },
  { language: 'fr', scheme: 'dark', hands: keyboard, by: 'keyboard alone' },
] as const;

describe.each(ways)('a repository in $language, by $by', ({ language, scheme, hands }) => {
  const t = wordsOf(language);
  const organization = `acme-${language}`;
  let scene: Scene;
  let page: Page;
  let complaints: ConsoleWindow['complaints'];
  let hand: Hands;

  beforeAll(async () => {
    scene = await repositoryScene(product.stack, organization);
    ({ page, complaints } = await product.open({ colorScheme: scheme, locale: language }));
    page.setDefaultTimeout(30_000);
    hand = hands(page);
    await signInAs(page, product.stack, 'alice');
  });
  afterAll(() => page.context().close());

  const go = (view: string) => page.goto(`${product.stack.url}/repositories/${scene.repository}/-/${view}`);
  const button = (name: string | RegExp, within: Page | Locator = page) =>
    within.getByRole('button', { name, exact: true });
  const row = (tag: string) =>
    page.getByRole('row').filter({ has: page.getByRole('link', { name: tag, exact: true }) });
  const check = (tag: string) => page.getByRole('checkbox', { name: t('tags.select', { tag }), exact: true });
  const names = () => page.locator('tbody a.font-medium').allTextContents();
  const dialog = () => page.getByRole('dialog');
  const closed = () => dialog().waitFor({ state: 'detached' });
  const look = async (name: string) => {
    await expectSound(page, `${name} ${language}`);
    expect(complaints).toEqual([]);
  };

  test('information: pull commands for each client, and a description that is changed in place', async () => {
    await go('information');
    const pull = (command: string) => page.getByText(command, { exact: true }).waitFor();
    const name = `${product.stack.host}/${scene.repository}`;
    await hand.tab(page.getByRole('tab', { name: t('repository.pullPodman') }));
    await pull(`podman pull ${name}:multi`);
    await hand.tab(page.getByRole('tab', { name: t('repository.pullDigest') }));
    await pull(`docker pull ${name}@${scene.indexDigest}`);
    await hand.press(button(t('repository.editDescription')));
    await hand.fill(page.getByRole('textbox', { name: t('repository.editDescription') }), 'It sails <b>well</b>');
    await look('description');
    await hand.press(button(t('app.save')));
    await page.getByText('It sails <b>well</b>').waitFor();
    await hand.press(button(t('repository.star')));
    await button(t('repository.unstar')).waitFor();
  });

  test('tags: sorted, found, unfolded, and told which are the same image; one pushed meanwhile appears', async () => {
    await go('tags');
    await hand.select(page.getByRole('combobox', { name: t('home.sort') }), t('home.byName'));
    await expect.poll(names).toEqual(['1.0', 'latest', 'multi']);
    await row('latest').getByText(t('tags.signed'), { exact: true }).waitFor();
    await hand.press(page.getByRole('button', { name: t('tags.unfold', { tag: 'latest' }) }));
    await page.getByText('application/vnd.dev.cosign.artifact.sig.v1+json').waitFor();
    await hand.press(page.getByRole('button', { name: t('tags.unfold', { tag: 'multi' }) }));
    await page.getByRole('listitem').filter({ hasText: 'linux/arm64' }).waitFor();
    await look('tags unfolded');
    await hand.press(button(t('tags.alike', { n: 1 }), row('latest')));
    await expect.poll(names).toEqual(['1.0', 'latest']);
    expect(new URL(page.url()).searchParams.get('search')).toBe(scene.digest);
    await hand.fill(page.getByRole('searchbox'), '');
    await pushImage(scene, 'amd64', '2.0');
    await expect.poll(names).toEqual(['1.0', '2.0', 'latest', 'multi']);
  });

  test('a tag is made, and moved when there is one; the dialog says which of both', async () => {
    await hand.press(button(t('tags.new')));
    await hand.fill(dialog().getByRole('textbox', { name: t('tags.tag') }), 'latest');
    await dialog()
      .getByText(t('tags.willMove', { tag: 'latest', digest: scene.digest.slice(7, 19) }))
      .waitFor();
    await look('tag set dialog');
    await hand.fill(dialog().getByRole('textbox', { name: t('tags.tag') }), 'stable');
    await dialog()
      .getByText(t('tags.willBeNew', { tag: 'stable' }))
      .waitFor();
    await hand.fill(dialog().getByRole('textbox', { name: t('tags.image') }), '1.0');
    await hand.press(button(t('tags.create'), dialog()));
    await closed();
    await expect.poll(names).toEqual(['1.0', '2.0', 'latest', 'multi', 'stable']);
  });

  test('one tag is made immutable and another one expires, by their menus', async () => {
    await hand.menu(button(t('tags.actions', { tag: 'stable' })), t('tags.makeImmutable'));
    await dialog().waitFor();
    await look('immutable dialog');
    await hand.press(button(t('tags.do.immutable', { n: 1 }), dialog()));
    await closed();
    await row('stable').getByText(t('tags.immutable'), { exact: true }).waitFor();
    await hand.menu(button(t('tags.actions', { tag: '2.0' })), t('tags.setExpiry'));
    await dialog().waitFor();
    await look('expiry dialog');
    await hand.press(button(t('tags.do.expiry', { n: 1 }), dialog()));
    await closed();
    await row('2.0')
      .getByText(t('tags.expires', { when: '' }).trim())
      .waitFor();
  });

  test('many are deleted at once, after it was said what goes; what is refused is told one by one', async () => {
    await hand.tick(check('multi'));
    await hand.tickUpTo(check('stable'));
    await page.getByText(t('tags.selected', { n: 2 }), { exact: true }).waitFor();
    await hand.press(button(t('tags.delete'), page.getByRole('toolbar')));
    await dialog()
      .getByText(t('tags.freed', { size: '' }).split(' ').slice(0, 2).join(' '))
      .waitFor();
    await look('delete dialog');
    await hand.press(button(t('tags.do.delete', { n: 2 }), dialog()));
    await dialog()
      .getByText(t('tags.someDone', { done: 1, total: 2 }))
      .waitFor();
    await dialog().getByRole('listitem').filter({ hasText: 'stable' }).getByText('immutable').waitFor();
    await look('refused tags');
    await hand.press(button(t('app.close'), dialog()).last());
    await closed();
    await expect.poll(names).toEqual(['1.0', '2.0', 'latest', 'stable']);
  });

  test('the history has all of it, and gives back what was deleted', async () => {
    await hand.press(page.getByRole('link', { name: t('repository.history'), exact: true }));
    const digest = scene.indexDigest.slice(7, 19);
    await hand.press(button(t('tags.restoreTo', { tag: 'multi', digest })).first());
    await dialog().waitFor();
    await look('restore dialog');
    await hand.press(button(t('tags.restore'), dialog()));
    await page.getByText(t('tags.event.RESTORED')).waitFor();
    await look('history');
    await hand.press(page.getByRole('link', { name: new RegExp(`^${t('repository.tags')}`) }));
    await row('multi').waitFor();
  });

  test('a manifest shows what an image is made of, and an index what it lists', async () => {
    await hand.press(page.getByRole('link', { name: 'multi', exact: true }));
    await page.getByText('linux/arm64').first().waitFor();
    await go(`manifests/${scene.digest}`);
    await page.getByRole('heading', { name: t('manifest.layers') }).waitFor();
    await look('manifest');
  });

  test('permissions: why somebody may not push, granted from the explanation, changed, and taken away again', async () => {
    await go('permissions?who=bob&can=PUSH');
    const says = (key: string) => page.getByText(t(key, { who: 'bob', action: t('permissions.can.PUSH') })).waitFor();
    await says('permissions.no');
    await hand.press(button(t('permissions.grant', { role: t('repository.WRITE') })));
    await dialog().waitFor();
    await look('grant dialog');
    await hand.press(button(t('permissions.grantIt'), dialog()));
    await says('permissions.yes');
    await page
      .getByText(t('permissions.reasonAs', { role: t('repository.WRITE'), reason: t('permissions.reason.DIRECT') }))
      .first()
      .waitFor();
    await page
      .getByText(t('permissions.reason.ORGANIZATION_ADMIN', { through: `${organization}/owners` }))
      .first()
      .waitFor();
    await look('permissions');

    const role = page.getByRole('combobox', { name: `${t('permissions.role')}: bob` });
    await hand.select(role, t('repository.READ'));
    await says('permissions.no');
    expect(await role.textContent()).toContain(t('repository.READ'));
    await hand.press(button(t('permissions.removeOf', { who: 'bob' })));
    await dialog().waitFor();
    await look('remove permission dialog');
    await hand.press(button(t('permissions.remove'), dialog()));
    await button(t('permissions.removeOf', { who: 'bob' })).waitFor({ state: 'detached' });

    await hand.find(page.getByRole('combobox', { name: t('permissions.search') }), 'own', 'owners');
    await hand.press(button(t('permissions.add')));
    await button(t('permissions.removeOf', { who: 'owners' })).waitFor();
  });

  test('a role that is refused is taken back, and the reason stands in its row', async () => {
    const role = page.getByRole('combobox', { name: `${t('permissions.role')}: owners` });
    const refusal = {
      message: 'no such thing today',
      extensions: { code: 'DENIED' },
      path: ['setRepositoryPermission'],
    };
    await page.route('**/graphql', (route) =>
      askedBy(route.request()).includes('mutation SetRepositoryPermission')
        ? route.fulfill({ json: { data: null, errors: [refusal] } })
        : route.fallback(),
    );
    await hand.select(role, t('repository.ADMIN'));
    await page.getByRole('listitem').filter({ has: role }).getByText('no such thing today').waitFor();
    expect(await role.textContent()).toContain(t('repository.READ'));
    await page.unroute('**/graphql');
  });

  test('usage logs: by day and kind, narrowed in the address, live, and exported', async () => {
    await go('logs');
    const entries = page.getByRole('list', { name: t('logs.entries') }).getByRole('listitem');
    const pushed = t('logs.kinds.repository.pushed');
    await entries.first().waitFor();
    await hand.press(page.getByRole('button', { name: new RegExp(`^${pushed} \\d+$`) }));
    await page.waitForURL(/kinds=repository\.pushed/);
    await expect.poll(() => entries.filter({ hasNotText: pushed }).count()).toBe(0);
    await hand.press(page.getByText(t('logs.asTable')));
    await page.getByRole('columnheader', { name: pushed }).waitFor();
    await look('logs');

    const live = page.getByRole('switch', { name: t('logs.live') });
    await hand.tick(live);
    await expect.poll(() => live.getAttribute('aria-checked')).toBe('true');
    await page.getByText(t('logs.connecting')).waitFor({ state: 'detached' });
    await pushImage(scene, 'amd64', 'live');
    await entries.filter({ hasText: `${scene.repository}:live` }).waitFor();

    await hand.menu(button(t('logs.export')), t('logs.jsonLines'));
    const link = dialog().getByRole('link', { name: t('app.download') });
    await link.waitFor();
    await look('export dialog');
    const file = await (await fetch((await link.getAttribute('href')) ?? '')).text();
    const kinds = file
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(new Set(kinds)).toEqual(new Set(['repository.pushed']));
    await page.keyboard.press('Escape');
    await closed();
    await go('logs?range=own&from=2026-01-01&to=2026-01-02');
    await page.getByText(t('logs.none')).waitFor();
    await page.goto(`${product.stack.url}/organizations/${organization}/logs?by=alice&range=30`);
    await entries.filter({ hasText: t('logs.kinds.organization.created') }).waitFor();
    await look('logs of an organization');
  });

  test('settings: public with what becomes visible, and private again', async () => {
    await go('settings');
    for (const [make, says] of [
      ['repository.makePublic', 'repository.isPublic'],
      ['repository.makePrivate', 'repository.isPrivate'],
    ] as const) {
      await hand.press(button(t(make)));
      await dialog().waitFor();
      if (make === 'repository.makePublic')
        await dialog()
          .getByText(t('repository.becomesVisible', { tags: '' }).split(' ').slice(0, 2).join(' '))
          .waitFor();
      await look('visibility dialog');
      await hand.press(button(t(make), dialog()));
      await page.getByText(t(says)).waitFor();
    }
  });

  test('dialogs hold the focus, and give it back to what opened them', async () => {
    for (const [view, opens] of [
      ['settings', 'repository.makePublic'],
      ['settings', 'repository.delete'],
      ['tags', 'tags.new'],
    ] as const) {
      await go(view);
      await hand.press(button(t(opens)));
      await expectHeldFocus(page, dialog(), button(t(opens)));
    }
  });

  test('deleted with its name, and given back', async () => {
    await go('settings');
    await hand.press(button(t('repository.delete')));
    const name = dialog().getByRole('textbox', { name: t('app.typeToConfirm', { name: scene.repository }) });
    await hand.fill(name, organization);
    expect(await button(t('repository.delete'), dialog()).isDisabled()).toBe(true);
    await hand.fill(name, scene.repository);
    await look('delete repository dialog');
    await page.keyboard.press('Enter');
    // The tag that was made immutable holds the repository.
    await dialog()
      .getByText(/immutable/)
      .first()
      .waitFor();
    await scene.alice.ask(
      `mutation { setTagImmutability(input: { repository: "${scene.repository}", tag: "stable", immutable: false }) { tag { name } } }`,
    );
    await hand.press(button(t('repository.delete'), dialog()));
    await page.getByRole('heading', { name: t('repository.deleted', { name: scene.repository }) }).waitFor();
    await look('deleted repository');
    await hand.press(button(t('repository.restore')));
    await button(t('repository.delete')).waitFor();
  });

  test('whoever may not is told what is missing; an administrator sees by what right the page is shown', async () => {
    const visit = async (who: string, address: string) => {
      const window = await product.open({ colorScheme: scheme, locale: language });
      await signInAs(window.page, product.stack, who);
      await window.page.goto(`${product.stack.url}${address}`);
      return window;
    };
    const bob = await visit('bob', `/organizations/${organization}/logs`);
    await bob.page.getByText(t('error.DENIED')).waitFor();
    await expectSound(bob.page, 'denied');
    await bob.context.close();
    const admin = await visit('admin', `/repositories/${scene.repository}/-/permissions`);
    await admin.page.getByText(t('admin.acting')).waitFor();
    await admin.page.getByRole('heading', { name: t('permissions.direct') }).waitFor();
    await expectSound(admin.page, 'as administrator');
    await admin.page.goto(`${product.stack.url}/organizations/${organization}`);
    await admin.page.getByText(t('admin.acting')).waitFor();
    await admin.page.goto(product.stack.url);
    await admin.page.getByRole('heading', { level: 1 }).waitFor();
    expect(await admin.page.getByText(t('admin.acting')).count()).toBe(0);
    await admin.context.close();
  });
});
