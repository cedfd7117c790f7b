import { describe, expect, test } from 'vitest';
import { consoleUnderTest, expectSound, signInAs } from '../support/console.ts';
import { askedBy } from '../support/documents.ts';
import { flowOf, ways } from '../support/flow.ts';
import { repositoryScene, type Scene } from './repository-scene.ts';

const product = consoleUnderTest();

describe.each(ways)('permissions in $language, by $by', (way) => {
  const organization = `acme-${way.language}`;
  let scene: Scene;
  const flow = flowOf(product, way, async () => {
    scene = await repositoryScene(product.stack, organization);
  });
  const { t, button, dialog, look } = flow;
  const go = (view: string) => flow.go(`/repositories/${scene.repository}/-/${view}`);

  test('permissions: why somebody may not push, granted from the explanation, changed, and taken away again', async () => {
    await go('permissions?who=bob&can=PUSH');
    const says = (key: string) =>
      flow.page.getByText(t(key, { who: 'bob', action: t('permissions.can.PUSH') })).waitFor();
    await says('permissions.no');
    await flow.hand.press(button(t('permissions.grant', { role: t('repository.WRITE') })));
    await dialog().waitFor();
    await look('grant dialog');
    await flow.hand.press(button(t('permissions.grantIt'), dialog()));
    await says('permissions.yes');
    await flow.page
      .getByText(t('permissions.reasonAs', { role: t('repository.WRITE'), reason: t('permissions.reason.DIRECT') }))
      .first()
      .waitFor();
    await flow.page
      .getByText(t('permissions.reason.ORGANIZATION_ADMIN', { through: `${organization}/owners` }))
      .first()
      .waitFor();
    await look('permissions');

    const role = flow.page.getByRole('combobox', { name: `${t('permissions.role')}: bob` });
    await flow.hand.select(role, t('repository.READ'));
    await says('permissions.no');
    expect(await role.textContent()).toContain(t('repository.READ'));
    await flow.hand.press(button(t('permissions.removeOf', { who: 'bob' })));
    await dialog().waitFor();
    await look('remove permission dialog');
    await flow.hand.press(button(t('permissions.remove'), dialog()));
    await button(t('permissions.removeOf', { who: 'bob' })).waitFor({ state: 'detached' });

    await flow.hand.find(flow.page.getByRole('combobox', { name: t('permissions.search') }), 'own', 'owners');
    await flow.hand.press(button(t('permissions.add')));
    await button(t('permissions.removeOf', { who: 'owners' })).waitFor();
  });

  test('a role that is refused is taken back, and the reason stands in its row', async () => {
    const role = flow.page.getByRole('combobox', { name: `${t('permissions.role')}: owners` });
    const refusal = {
      message: 'no such thing today',
      extensions: { code: 'DENIED' },
      path: ['setRepositoryPermission'],
    };
    await flow.page.route('**/graphql', (route) =>
      askedBy(route.request()).includes('mutation SetRepositoryPermission')
        ? route.fulfill({ json: { data: null, errors: [refusal] } })
        : route.fallback(),
    );
    await flow.hand.select(role, t('repository.ADMIN'));
    await flow.page.getByRole('listitem').filter({ has: role }).getByText('no such thing today').waitFor();
    expect(await role.textContent()).toContain(t('repository.READ'));
    await flow.page.unroute('**/graphql');
  });

  test('whoever may not is told what is missing; an administrator sees by what right the page is shown', async () => {
    const visit = async (who: string, address: string) => {
      const window = await product.open({ colorScheme: way.scheme, locale: way.language });
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
