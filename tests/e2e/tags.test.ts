import { describe, expect, test } from 'vitest';
import { consoleUnderTest } from '../support/console.ts';
import { flowOf, ways } from '../support/flow.ts';
import { hostile } from '../support/hostile-texts.ts';
import { pushImage, repositoryScene, type Scene } from './repository-scene.ts';

const product = consoleUnderTest();

describe.each(ways)('tags in $language, by $by', (way) => {
  const organization = `acme-${way.language}`;
  let scene: Scene;
  const flow = flowOf(product, way, async () => {
    scene = await repositoryScene(product.stack, organization);
  });
  const { t, button, dialog, closed, look } = flow;
  const go = (view: string) => flow.go(`/repositories/${scene.repository}/-/${view}`);
  const row = (tag: string) =>
    flow.page.getByRole('row').filter({ has: flow.page.getByRole('link', { name: tag, exact: true }) });
  const check = (tag: string) => flow.page.getByRole('checkbox', { name: t('tags.select', { tag }), exact: true });
  const names = () => flow.page.locator('tbody a.font-medium').allTextContents();

  test('tags: sorted, found, unfolded, and told which are the same image; one pushed meanwhile appears', async () => {
    await go('tags');
    await flow.hand.select(flow.page.getByRole('combobox', { name: t('home.sort') }), t('home.byName'));
    await expect.poll(names).toEqual(['1.0', 'latest', 'multi']);
    await row('latest').getByText(t('tags.signature'), { exact: true }).waitFor();
    await flow.hand.press(flow.page.getByRole('button', { name: t('tags.unfold', { tag: 'latest' }) }));
    await flow.page.getByText('application/vnd.dev.cosign.artifact.sig.v1+json').waitFor();
    await flow.hand.press(flow.page.getByRole('button', { name: t('tags.unfold', { tag: 'multi' }) }));
    await flow.page.getByRole('listitem').filter({ hasText: 'linux/arm64' }).waitFor();
    await look('tags unfolded');
    await flow.hand.press(button(t('tags.alike', { n: 1 }), row('latest')));
    await expect.poll(names).toEqual(['1.0', 'latest']);
    expect(new URL(flow.page.url()).searchParams.get('search')).toBe(scene.digest);
    await flow.hand.fill(flow.page.getByRole('searchbox'), '');
    await pushImage(scene, 'amd64', '2.0');
    await expect.poll(names).toEqual(['1.0', '2.0', 'latest', 'multi']);
    // The page around the list knows of it too.
    await expect.poll(() => flow.page.locator('nav [aria-current=page]').textContent()).toMatch(/4\s*$/);
  });

  test('a tag is made, and moved when there is one; the dialog says which of both', async () => {
    await flow.hand.press(button(t('tags.new')));
    await flow.hand.fill(dialog().getByRole('textbox', { name: t('tags.tag') }), 'latest');
    await dialog()
      .getByText(t('tags.willMove', { tag: 'latest', digest: scene.digest.slice(7, 19) }))
      .waitFor();
    await look('tag set dialog');
    await flow.hand.fill(dialog().getByRole('textbox', { name: t('tags.tag') }), 'stable');
    await dialog()
      .getByText(t('tags.willBeNew', { tag: 'stable' }))
      .waitFor();
    await flow.hand.fill(dialog().getByRole('textbox', { name: t('tags.image') }), '1.0');
    await flow.hand.press(button(t('tags.create'), dialog()));
    await closed();
    await expect.poll(names).toEqual(['1.0', '2.0', 'latest', 'multi', 'stable']);
  });

  test('one tag is made immutable and another one expires, by their menus', async () => {
    await flow.hand.menu(button(t('tags.actions', { tag: 'stable' })), t('tags.makeImmutable'));
    await dialog().waitFor();
    await look('immutable dialog');
    await flow.hand.press(button(t('tags.do.immutable', { n: 1 }), dialog()));
    await closed();
    await row('stable').getByText(t('tags.immutable'), { exact: true }).waitFor();
    await flow.hand.menu(button(t('tags.actions', { tag: '2.0' })), t('tags.setExpiry'));
    await dialog().waitFor();
    await look('expiry dialog');
    await flow.hand.press(button(t('tags.do.expiry', { n: 1 }), dialog()));
    await closed();
    await row('2.0')
      .getByText(t('tags.expires', { when: '' }).trim())
      .waitFor();
  });

  test('many are deleted at once, after it was said what goes; what is refused is told one by one', async () => {
    await flow.hand.tick(check('multi'));
    await flow.hand.tickUpTo(check('stable'));
    await flow.page.getByText(t('tags.selected', { n: 2 }), { exact: true }).waitFor();
    await flow.hand.press(button(t('tags.delete'), flow.page.getByRole('toolbar')));
    await dialog()
      .getByText(t('tags.freed', { size: '' }).split(' ').slice(0, 2).join(' '))
      .waitFor();
    // The same in both languages: deleting a tag does not take its image out of reach at once.
    await dialog()
      .getByText(/can still be pulled by digest|téléchargeables par leur empreinte/)
      .waitFor();
    await look('delete dialog');
    await flow.hand.press(button(t('tags.do.delete', { n: 2 }), dialog()));
    await dialog()
      .getByText(t('tags.someDone', { done: 1, total: 2 }))
      .waitFor();
    await dialog().getByRole('listitem').filter({ hasText: 'stable' }).getByText('immutable').waitFor();
    await look('refused tags');
    await flow.hand.press(button(t('app.close'), dialog()).last());
    await closed();
    await expect.poll(names).toEqual(['1.0', '2.0', 'latest', 'stable']);
  });

  test('the history has all of it, and gives back what was deleted', async () => {
    await flow.hand.press(flow.page.getByRole('link', { name: t('repository.history'), exact: true }));
    const digest = scene.indexDigest.slice(7, 19);
    await flow.hand.press(button(t('tags.restoreTo', { tag: 'multi', digest })).first());
    await dialog().waitFor();
    await look('restore dialog');
    await flow.hand.press(button(t('tags.restore'), dialog()));
    await flow.page.getByText(t('tags.event.RESTORED')).waitFor();
    await look('history');
    await flow.hand.press(flow.page.getByRole('link', { name: new RegExp(`^${t('repository.tags')}`) }));
    await row('multi').waitFor();
  });

  test('what its publisher deprecates says so in the list and on its page, and all such are found', async () => {
    const reason = `use latest <b>instead</b>: ${hostile.join(' ')}`;
    await pushImage(scene, 'amd64', 'old', { 'escale.deprecated': reason });
    await pushImage(scene, 'amd64', 'mute', { 'escale.deprecated': '' });
    await row('old').getByText('use latest <b>instead</b>').waitFor();
    await row('mute').getByText(t('tags.deprecated'), { exact: true }).waitFor();
    await look('deprecated tags');
    await flow.hand.press(button(t('tags.deprecated'), row('old')));
    await expect.poll(async () => (await names()).toSorted()).toEqual(['mute', 'old']);
    expect(new URL(flow.page.url()).searchParams.get('search')).toBe('is:deprecated');
    // One that is deprecated while one looks appears, another does not.
    await pushImage(scene, 'amd64', 'fine');
    await pushImage(scene, 'amd64', 'older', { 'escale.deprecated': 'older still' });
    await expect.poll(async () => (await names()).toSorted()).toEqual(['mute', 'old', 'older']);
    await flow.hand.press(flow.page.getByRole('link', { name: 'old', exact: true }));
    const note = flow.page.getByRole('note');
    await note.getByText(t('manifest.deprecated')).waitFor();
    await note.getByText('use latest <b>instead</b>').waitFor();
    await look('deprecated manifest');
  });

  test('a manifest shows what an image is made of, and an index what it lists', async () => {
    await go('tags');
    await flow.hand.press(flow.page.getByRole('link', { name: 'multi', exact: true }));
    await flow.page.getByText('linux/arm64').first().waitFor();
    await go(`manifests/${scene.digest}`);
    await flow.page.getByRole('heading', { name: t('manifest.layers') }).waitFor();
    await look('manifest');
  });
});
