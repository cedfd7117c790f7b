import { describe, expect, test } from 'vitest';
import { consoleUnderTest } from '../support/console.ts';
import { flowOf, ways } from '../support/flow.ts';
import { change } from '../support/lively-scene.ts';
import { repositoryScene, type Scene } from './repository-scene.ts';

const product = consoleUnderTest();

describe.each(ways)('deleted repositories in $language, by $by', (way) => {
  const organization = `acme-${way.language}`;
  const twice = `${organization}/twice`;
  let scene: Scene;
  const flow = flowOf(product, way, async () => {
    scene = await repositoryScene(product.stack, organization);
  });
  const { t, go, button, look } = flow;
  const remove = (repository: string) =>
    change(scene.alice, 'deleteRepository', { repository, confirmName: repository });
  const entry = (name: string) => flow.page.getByRole('listitem').filter({ hasText: name });
  const restore = (name: string) => button(t('deleted.restoreOf', { name }));

  test('where nothing was deleted, the list says what it is for', async () => {
    await go(`/organizations/${organization}/repositories`);
    await flow.hand.press(flow.page.getByRole('link', { name: t('deleted.title') }));
    await flow.page.getByText(t('deleted.none')).waitFor();
    await look('nothing deleted');
  });

  test('what was deleted comes back with its tags, and is pulled again', async () => {
    await remove(scene.repository);
    const pull = () => scene.client.request(`/v2/${scene.repository}/manifests/1.0`);
    expect((await pull()).ok).toBe(false);
    await go(`/organizations/${organization}/repositories/deleted`);
    await look('deleted repositories');
    await flow.hand.press(restore(scene.repository));
    await flow.page.getByText(t('deleted.restored', { name: scene.repository })).waitFor();
    await flow.page.getByText(t('deleted.none')).waitFor();
    await look('restored');
    await flow.hand.press(flow.page.getByRole('link', { name: t('deleted.open') }));
    await flow.hand.press(flow.page.getByRole('link', { name: new RegExp(`^${t('repository.tags')}`) }));
    for (const tag of ['1.0', 'latest', 'multi'])
      await flow.page.getByRole('link', { name: tag, exact: true }).waitFor();
    expect(await scene.client.pullImage(scene.repository, '1.0')).toBe(scene.digest);
  });

  test('of two of one name the later comes back, unless the name is somebody else’s by now: that is said', async () => {
    for (const _ of ['earlier', 'later']) {
      await change(scene.alice, 'createRepository', { name: twice });
      await remove(twice);
    }
    await go(`/organizations/${organization}/repositories/deleted`);
    expect(await restore(twice).count()).toBe(1);
    await entry(twice).last().getByText(t('deleted.older')).waitFor();
    await change(scene.alice, 'createRepository', { name: twice });
    await flow.hand.press(restore(twice));
    await entry(twice).getByRole('alert').waitFor();
    await look('refused');
  });
});
