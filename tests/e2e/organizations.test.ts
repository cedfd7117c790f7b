import { beforeAll, describe, expect, test } from 'vitest';
import { applicationToken } from '../support/application-token.ts';
import { consoleUnderTest, expectSound, settled, signInAs } from '../support/console.ts';
import { flowOf, ways } from '../support/flow.ts';
import { OciClient } from '../support/oci.ts';
import { signIn } from '../support/sign-in.ts';
import { organizationScene } from './organization-scene.ts';

const product = consoleUnderTest();

describe.each(ways)('an organization in $language, by $by', (way) => {
  const { language } = way;
  const acme = `acme-${language}`;
  const base = `/organizations/${acme}`;
  // What the names of others are, is known.
  const flow = flowOf(product, way, () => signIn(product.stack, 'bob'));
  const { t, go, button, field, box, dialog, look } = flow;

  test('“+” makes an organization, whose name is checked while one types', async () => {
    await flow.hand.menu(button(t('app.new')), t('organization.new'));
    const name = field(t('organization.name'));
    // One types at once: the menu does not take the focus back.
    await expect.poll(() => name.evaluate((element) => element === document.activeElement)).toBe(true);
    await flow.hand.fill(name, 'bob');
    await flow.page.getByText(t('name.TAKEN', { name: 'bob' })).waitFor();
    await flow.hand.fill(name, acme);
    await flow.page.getByText(t('name.VALID', { name: acme })).waitFor();
    await look('new');
    await flow.hand.press(button(t('organization.create')));
    await flow.page.getByRole('heading', { name: acme, level: 1 }).waitFor();
    await expect.poll(() => flow.page.title()).toBe(`${t('organization.repositories')} · ${acme} · Escale`);
  });

  test('an empty one shows the three commands, and gets the token for them on the spot', async () => {
    await flow.page.getByText(`docker tag my-image ${product.stack.host}/${acme}/app:1`).waitFor();
    await flow.page.getByText(`docker push ${product.stack.host}/${acme}/app:1`).waitFor();
    await flow.page.getByText(`docker login -u='$app' ${product.stack.host}`).waitFor();
    await flow.hand.press(button(t('repository.getToken')));
    await flow.hand.fill(field(t('tokens.name')), `first push ${language}`);
    await flow.hand.press(button(t('tokens.create')));
    await flow.page.getByText(`docker login -u='$app' -p='••••••••' ${product.stack.host}`).waitFor();
    await flow.hand.press(button(t('app.copy')).first());
    const line = await flow.page.evaluate(() => navigator.clipboard.readText());
    expect(line).toMatch(/^docker login -u='\$app' -p='esc_app_\w+' localhost:\d+$/);
    await look('empty');
  });

  test('“+” makes a repository in the organization one is in, and knows what is taken', async () => {
    for (const path of ['app', 'web']) {
      await go(base);
      await flow.hand.menu(button(t('app.new')), t('repositories.new'));
      await flow.hand.fill(field(t('repositories.path')), 'A b');
      await flow.page.getByText(t('repositories.check.INVALID')).waitFor();
      await flow.hand.fill(field(t('repositories.path')), path);
      await flow.page.getByText(t('repositories.check.VALID', { name: `${acme}/${path}` })).waitFor();
      await flow.hand.press(button(t('repositories.create')));
      await flow.page.getByRole('heading', { name: `${acme}/${path}`, level: 1 }).waitFor();
    }
    await go(`/new/repository?namespace=${acme}`);
    await flow.hand.fill(field(t('repositories.path')), 'app');
    await flow.page.getByText(t('repositories.check.TAKEN', { name: `${acme}/app` })).waitFor();
    await look('new-repository');
  });

  test('settings are saved, and errors stand at their field', async () => {
    await go(`${base}/settings`);
    await flow.hand.fill(field(t('organization.description')), 'Rockets');
    await flow.hand.fill(field(t('organization.contactEmail')), 'team@example.org');
    await flow.hand.select(box(t('organization.timeMachine')), t('organization.timeMachineOff'));
    await flow.page.getByText(t('organization.timeMachineShorter')).waitFor();
    await flow.hand.press(button(t('organization.save')));
    await flow.page.getByText(t('app.saved'), { exact: true }).waitFor();
    await look('settings');
    await flow.page.reload();
    expect(await field(t('organization.contactEmail')).inputValue()).toBe('team@example.org');
  });

  test('deleting asks for the name and says what goes; it can be undone at the same place', async () => {
    const client = new OciClient(
      product.stack.url,
      await applicationToken(await signIn(product.stack, 'alice', { confirm: false }), 'pusher'),
    );
    await client.pushImage(`${acme}/app`, '1');
    await flow.hand.press(button(t('organization.delete')));
    const deleting = dialog(t('organization.deleteOf', { name: acme }));
    await deleting.getByText(t('teams.repositories', { n: 2 })).waitFor();
    // The image, with two layers of 3,000 bytes together.
    await deleting.getByText(/3[,\s]\d\d\d\s(?:bytes|octets)/).waitFor();
    await flow.hand.fill(field(t('app.typeToConfirm', { name: acme }), deleting), 'something else');
    expect(await button(t('organization.delete'), deleting).isDisabled()).toBe(true);
    await flow.hand.fill(field(t('app.typeToConfirm', { name: acme }), deleting), acme);
    await look('delete');
    await flow.hand.press(button(t('organization.delete'), deleting));
    await flow.page.getByText(t('organization.deleted', { name: acme })).waitFor();
    await look('deleted');
    await flow.hand.press(button(t('organization.restore')));
    await flow.page.getByRole('link', { name: t('teams.title') }).waitFor();
    await go(base);
    await flow.page.getByRole('link', { name: `${acme}/app` }).waitFor();
    await look('repositories');
  });

  test('a personal namespace has repositories and robots; another’s shows what one may see', async () => {
    await go('/organizations/alice');
    await flow.page.waitForURL(`${product.stack.url}/users/alice/repositories`);
    await flow.hand.press(flow.page.getByRole('link', { name: t('robots.title') }));
    await flow.hand.press(button(t('robots.new')));
    await flow.hand.fill(field(t('robots.name')), `laptop-${language}`);
    await flow.hand.press(button(t('robots.create')));
    await dialog(t('credentials.of', { who: `alice+laptop-${language}` })).waitFor();
    await flow.page.keyboard.press('Escape');
    await flow.hand.press(
      flow.page.getByRole('link', { name: t('robots.manageOf', { login: `alice+laptop-${language}` }) }),
    );
    await flow.page.getByRole('heading', { name: `alice+laptop-${language}` }).waitFor();
    await look('personal-robot');
    await go('/users/bob');
    await flow.page.getByText(t('organization.noneVisible')).waitFor();
    expect(await flow.page.getByRole('link', { name: t('robots.title') }).count()).toBe(0);
    await look('other-user');
  });
});

describe.each([
  { language: 'en', scheme: 'dark', width: 390 },
  { language: 'fr', scheme: 'light', width: 1440 },
] as const)('every page of an organization in $language, $scheme, at $width pixels', ({ language, scheme, width }) => {
  const organization = `pages-${language}`;
  beforeAll(() => organizationScene(product.stack, organization, { teams: ['dev'], robots: ['builder'] }));

  test('is sound', async () => {
    const options = { viewport: { width, height: 900 }, colorScheme: scheme, locale: language };
    const { page, context, complaints } = await product.open(options);
    await signInAs(page, product.stack, 'alice');
    for (const address of [
      ...['/repositories', '/teams', '/teams?new=1', '/teams/dev', '/members', '/members?view=collaborators'],
      ...['/robots', '/robots?new=1', '/robots/builder', '/default-permissions', '/settings'],
    ]) {
      await page.goto(`${product.stack.url}/organizations/${organization}${address}`);
      await settled(page);
      await expectSound(page, `${address} ${language}`);
    }
    await context.close();
    expect(complaints).toEqual([]);
  });
});
