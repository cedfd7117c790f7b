import { describe, expect, test } from 'vitest';
import { consoleUnderTest } from '../support/console.ts';
import { flowOf, ways } from '../support/flow.ts';
import { change } from '../support/lively-scene.ts';
import { pushImage, repositoryScene, type Scene } from './repository-scene.ts';

const product = consoleUnderTest();

describe.each(ways)('untagged manifests in $language, by $by', (way) => {
  let scene: Scene;
  const flow = flowOf(product, way, async () => {
    scene = await repositoryScene(product.stack, `acme-${way.language}`);
  });
  const { t, button, dialog, closed, look } = flow;
  const go = () => flow.go(`/repositories/${scene.repository}/-/untagged`);
  const tick = (digest: string) =>
    flow.page.getByRole('checkbox', { name: t('tags.select', { tag: digest.slice(0, 19) }) });
  const isHere = async (digest: string) =>
    (await scene.client.request(`/v2/${scene.repository}/manifests/${digest}`)).ok;
  const pushed: string[] = [];

  test('where every manifest has a tag, there is nothing to choose', async () => {
    await flow.go(`/repositories/${scene.repository}/-/tags`);
    await flow.hand.press(flow.page.getByRole('link', { name: t('repository.untagged') }));
    await flow.page.getByText(t('untagged.none')).waitFor();
    expect(await button(t('untagged.deleteAction')).isDisabled()).toBe(true);
    await look('no untagged manifest');
  });

  test('what is chosen is deleted, and nothing else', async () => {
    for (const architecture of ['s390x', 'ppc64le', 'riscv64'])
      pushed.push((await pushImage(scene, architecture)).digest);
    const [first = '', second = '', third = ''] = pushed;
    await go();
    await look('untagged manifests');
    await flow.hand.tick(tick(first));
    await flow.page.getByText(t('tags.selected', { n: 1 }), { exact: true }).waitFor();
    await flow.hand.press(button(t('untagged.deleteAction')));
    await dialog(t('untagged.delete', { n: 1 })).waitFor();
    await look('delete one');
    await flow.hand.press(button(t('untagged.deleteAction'), dialog()));
    await closed();
    await closed(tick(first));
    expect(await Promise.all([first, second, third].map(isHere))).toEqual([false, true, true]);
  });

  test('all are chosen at once; one that a tag names meanwhile stays, and that is said', async () => {
    const [, second = '', third = ''] = pushed;
    await flow.hand.tick(flow.page.getByRole('checkbox', { name: t('untagged.selectAll', { n: 2 }) }));
    await flow.page.getByText(t('tags.selected', { n: 2 }), { exact: true }).waitFor();
    await flow.hand.press(button(t('untagged.deleteAction')));
    await dialog(t('untagged.delete', { n: 2 })).waitFor();
    await change(scene.alice, 'setTag', { repository: scene.repository, tag: 'kept', digest: second });
    await flow.hand.press(button(t('untagged.deleteAction'), dialog()));
    await closed();
    const refused = flow.page.getByRole('alert');
    await refused.getByText(t('untagged.refused', { n: 1 })).waitFor();
    await refused.getByText(second).waitFor();
    await flow.page.getByText(t('untagged.none')).waitFor();
    await look('one refused');
    expect(await Promise.all([second, third].map(isHere))).toEqual([true, false]);
  });
});
