import { describe, expect, test } from 'vitest';
import { consoleUnderTest } from '../support/console.ts';
import { flowOf, ways } from '../support/flow.ts';
import { pushImage, repositoryScene, type Scene } from './repository-scene.ts';

const product = consoleUnderTest();

describe.each(ways)('usage logs in $language, by $by', (way) => {
  const organization = `acme-${way.language}`;
  let scene: Scene;
  const flow = flowOf(product, way, async () => {
    scene = await repositoryScene(product.stack, organization);
  });
  const { t, button, dialog, closed, look } = flow;
  const go = (view: string) => flow.go(`/repositories/${scene.repository}/-/${view}`);

  test('usage logs: by day and kind, narrowed in the address, live, and exported', async () => {
    await go('logs');
    const entries = flow.page.getByRole('list', { name: t('logs.entries') }).getByRole('listitem');
    const pushed = t('logs.kinds.repository.pushed');
    await entries.first().waitFor();
    await flow.hand.press(flow.page.getByRole('button', { name: new RegExp(`^${pushed} \\d+$`) }));
    await flow.page.waitForURL(/kinds=repository\.pushed/);
    await expect.poll(() => entries.filter({ hasNotText: pushed }).count()).toBe(0);
    await flow.hand.press(flow.page.getByText(t('logs.asTable')));
    await flow.page.getByRole('columnheader', { name: pushed }).waitFor();
    await look('logs');

    const live = flow.page.getByRole('switch', { name: t('logs.live') });
    await flow.hand.tick(live);
    await expect.poll(() => live.getAttribute('aria-checked')).toBe('true');
    await flow.page.getByText(t('logs.connecting')).waitFor({ state: 'detached' });
    await pushImage(scene, 'amd64', 'live');
    await entries.filter({ hasText: `${scene.repository}:live` }).waitFor();

    await flow.hand.menu(button(t('logs.export')), t('logs.jsonLines'));
    const link = dialog().getByRole('link', { name: t('app.download') });
    await link.waitFor();
    await look('export dialog');
    const file = await (await fetch((await link.getAttribute('href')) ?? '')).text();
    const kinds = file
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(new Set(kinds)).toEqual(new Set(['repository.pushed']));
    await flow.page.keyboard.press('Escape');
    await closed();
    await go('logs?range=own&from=2026-01-01&to=2026-01-02');
    await flow.page.getByText(t('logs.none')).waitFor();
    await flow.page.goto(`${product.stack.url}/organizations/${organization}/logs?by=alice&range=30`);
    await entries.filter({ hasText: t('logs.kinds.organization.created') }).waitFor();
    await look('logs of an organization');
  });
});
