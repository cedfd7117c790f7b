import { describe, expect, test } from 'vitest';
import { consoleUnderTest, expectSound, settled } from '../support/console.ts';
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

  test('what is public is seen by somebody who is signed out; what is private, or not there, asks to sign in', async () => {
    const makeIt = (visibility: string) =>
      change(scene.alice, 'setRepositoryVisibility', { repository: scene.repository, visibility });
    await makeIt('PUBLIC');
    const options = { viewport: { width: way.width, height: 900 }, colorScheme: way.scheme, locale: way.language };
    const { page, context, complaints } = await product.open(options);
    const at = (view: string, repository = scene.repository) =>
      page.goto(`${product.stack.url}/repositories/${repository}/-/${view}`);
    for (const view of ['information', 'history', `manifests/${scene.digest}`, 'tags']) {
      await at(view);
      await settled(page);
      await expectSound(page, `${view} for anybody`);
    }
    await page.getByRole('link', { name: 'latest', exact: true }).waitFor();
    expect(await page.getByRole('button', { name: t('tags.new') }).count()).toBe(0);
    const asked = page.getByText(t('signIn.reason.required'));
    await at('settings');
    await asked.waitFor();
    await at('tags', `${organization}/none`);
    await asked.waitFor();
    await makeIt('PRIVATE');
    await at('tags');
    await asked.waitFor();
    expect(new URL(page.url()).searchParams.get('returnTo')).toBe(`/repositories/${scene.repository}/-/tags`);
    expect(complaints).toEqual([]);
    await context.close();
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
