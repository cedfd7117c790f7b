import { describe, expect, test } from 'vitest';
import { consoleUnderTest } from '../support/console.ts';
import { flowOf, ways } from '../support/flow.ts';
import { expectHeldFocus } from '../support/hands.ts';
import { change } from '../support/lively-scene.ts';
import { repositoryScene, type Scene } from './repository-scene.ts';

const product = consoleUnderTest();

describe.each(ways)('a repository in $language, by $by', (way) => {
  const organization = `acme-${way.language}`;
  let scene: Scene;
  const flow = flowOf(product, way, async () => {
    scene = await repositoryScene(product.stack, organization);
  });
  const { t, button, dialog, look } = flow;
  const go = (view: string) => flow.go(`/repositories/${scene.repository}/-/${view}`);

  test('information: pull commands for each client, and a description that is changed in place', async () => {
    await go('information');
    const pull = (command: string) => flow.page.getByText(command, { exact: true }).waitFor();
    const name = `${product.stack.host}/${scene.repository}`;
    await flow.hand.tab(flow.page.getByRole('tab', { name: t('repository.pullPodman') }));
    await pull(`podman pull ${name}:multi`);
    await flow.hand.tab(flow.page.getByRole('tab', { name: t('repository.pullDigest') }));
    await pull(`docker pull ${name}@${scene.indexDigest}`);
    await flow.hand.press(button(t('repository.editDescription')));
    await flow.hand.fill(
      flow.page.getByRole('textbox', { name: t('repository.editDescription') }),
      'It sails <b>well</b>',
    );
    await look('description');
    await flow.hand.press(button(t('app.save')));
    await flow.page.getByText('It sails <b>well</b>').waitFor();
    await flow.hand.press(button(t('repository.star')));
    await button(t('repository.unstar')).waitFor();
  });

  test('settings: public with what becomes visible, and private again', async () => {
    await go('settings');
    for (const [make, says] of [
      ['repository.makePublic', 'repository.isPublic'],
      ['repository.makePrivate', 'repository.isPrivate'],
    ] as const) {
      await flow.hand.press(button(t(make)));
      await dialog().waitFor();
      if (make === 'repository.makePublic')
        await dialog()
          .getByText(t('repository.becomesVisible', { tags: '' }).split(' ').slice(0, 2).join(' '))
          .waitFor();
      await look('visibility dialog');
      await flow.hand.press(button(t(make), dialog()));
      await flow.page.getByText(t(says)).waitFor();
    }
  });

  test('dialogs hold the focus, and give it back to what opened them', async () => {
    for (const [view, opens] of [
      ['settings', 'repository.makePublic'],
      ['settings', 'repository.delete'],
      ['tags', 'tags.new'],
    ] as const) {
      await go(view);
      await flow.hand.press(button(t(opens)));
      await expectHeldFocus(flow.page, dialog(), button(t(opens)));
    }
  });

  test('deleted with its name, and given back', async () => {
    const hold = (immutable: boolean) =>
      change(scene.alice, 'setTagImmutability', { repository: scene.repository, tag: '1.0', immutable });
    await hold(true);
    await go('settings');
    await flow.hand.press(button(t('repository.delete')));
    const name = dialog().getByRole('textbox', { name: t('app.typeToConfirm', { name: scene.repository }) });
    await flow.hand.fill(name, organization);
    expect(await button(t('repository.delete'), dialog()).isDisabled()).toBe(true);
    await flow.hand.fill(name, scene.repository);
    await look('delete repository dialog');
    await flow.page.keyboard.press('Enter');
    await dialog()
      .getByText(/immutable/)
      .first()
      .waitFor();
    await hold(false);
    await flow.hand.press(button(t('repository.delete'), dialog()));
    await flow.page.getByRole('heading', { name: t('repository.deleted', { name: scene.repository }) }).waitFor();
    await look('deleted repository');
    await flow.hand.press(button(t('repository.restore')));
    await button(t('repository.delete')).waitFor();
  });
});
