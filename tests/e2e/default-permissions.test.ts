import { describe, expect, test } from 'vitest';
import { consoleUnderTest } from '../support/console.ts';
import { flowOf, ways } from '../support/flow.ts';
import { organizationScene } from './organization-scene.ts';

const product = consoleUnderTest();

describe.each(ways)('default permissions in $language, by $by', (way) => {
  const acme = `acme-${way.language}`;
  const base = `/organizations/${acme}`;
  const flow = flowOf(product, way, () => organizationScene(product.stack, acme, { teams: ['dev'] }));
  const { t, go, button, box, dialog, closed, look } = flow;

  test('default permissions: for anyone or one creator, previewed, and applied to what exists once its effect was seen', async () => {
    await go(`${base}/default-permissions`);
    await flow.page.getByText(t('defaults.none')).waitFor();
    await look('defaults-empty');
    await flow.hand.press(button(t('defaults.new')));
    const creating = dialog(t('defaults.new'));
    await creating.getByText(t('defaults.text')).waitFor();
    await flow.hand.find(box(t('defaults.findGrantee'), creating), 'de', 'dev');
    await flow.hand.press(button(t('defaults.create'), creating));
    await closed(creating);

    await flow.hand.press(button(t('defaults.new')));
    await flow.hand.radio(creating.getByRole('radio', { name: t('defaults.one') }));
    await flow.hand.find(box(t('defaults.findCreator'), creating), 'bob', 'bob');
    await flow.hand.find(box(t('defaults.findGrantee'), creating), 'carol', 'carol');
    await flow.hand.select(box(t('defaults.permission'), creating), t('repository.WRITE'));
    await look('defaults-new');
    await flow.hand.press(button(t('defaults.create'), creating));
    await closed(creating);

    const preview = flow.page.getByRole('list', { name: t('defaults.preview') });
    await preview.getByText('dev').waitFor();
    expect(await preview.getByText('carol').count()).toBe(0);
    await flow.hand.find(box(t('defaults.previewBy')), 'bob', 'bob');
    await preview.getByText('carol').waitFor();
    await look('defaults');

    await flow.hand.press(button(t('defaults.apply')));
    const applying = dialog(t('defaults.applyTitle'));
    // Of the two repositories one gives the team more already.
    await applying.getByText(t('defaults.wouldChange', { n: 1 })).waitFor();
    await applying.getByText(`${acme}/app`).waitFor();
    await look('defaults-apply');
    await flow.hand.press(button(t('defaults.applyNow'), applying));
    await applying.getByText(t('defaults.applied', { n: 1 })).waitFor();
    await flow.hand.press(button(t('app.close'), applying).last());

    await flow.hand.press(button(t('defaults.deleteOf', { who: 'carol' })));
    await closed(button(t('defaults.deleteOf', { who: 'carol' })));
  });
});
