import { readFile } from 'node:fs/promises';
import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { consoleUnderTest } from '../support/console.ts';
import { flowOf, ways } from '../support/flow.ts';
import { OciClient } from '../support/oci.ts';
import { organizationScene } from './organization-scene.ts';

const product = consoleUnderTest();

describe.each(ways)('robots in $language, by $by', (way) => {
  const acme = `acme-${way.language}`;
  const base = `/organizations/${acme}`;
  const flow = flowOf(product, way, () => organizationScene(product.stack, acme, { robots: ['builder'] }));
  const { t, go, button, field, box, dialog, closed, look } = flow;

  test('a robot gets its permissions as it is made, and its credentials come in seven forms', async () => {
    await go(base);
    await flow.hand.menu(button(t('app.new')), t('robots.new'));
    const creating = dialog(t('robots.new'));
    await flow.hand.fill(field(t('robots.name'), creating), 'ci');
    await flow.page.getByText(t('robots.nameHelp', { login: `${acme}+ci` })).waitFor();
    await flow.hand.fill(field(t('robots.description'), creating), 'The build server');
    await flow.hand.select(box(t('robots.expires'), creating), t('tokens.days', { n: 90 }));
    await flow.hand.tick(creating.getByRole('checkbox', { name: 'app' }));
    await flow.hand.select(box(t('grantees.roleOn', { repository: `${acme}/app` }), creating), t('repository.WRITE'));
    await look('robot-new');
    await flow.hand.press(button(t('robots.create'), creating));

    const shown = dialog(t('credentials.of', { who: `${acme}+ci` }));
    for (const [kind, content] of [
      ['DOCKER_LOGIN', `docker login -u='${acme}+ci'`],
      ['PODMAN_LOGIN', `podman login -u='${acme}+ci'`],
      ['HELM_LOGIN', `helm registry login -u '${acme}+ci'`],
      ['DOCKER_CONFIG', '"auths"'],
      ['GITHUB_ACTIONS', 'docker/login-action'],
      ['GITLAB_CI', '$ESCALE_TOKEN'],
      ['KUBERNETES_SECRET', `name: ${acme}-ci-pull-secret`],
    ] as const) {
      await flow.hand.tab(shown.getByRole('tab', { name: t(`credentials.${kind}`), exact: true }));
      await shown.getByText(content).first().waitFor();
      // Neither the token nor anything that holds it in base64.
      expect(await shown.innerText()).not.toMatch(/esc_rob_|[A-Za-z0-9+/]{40}/);
      await look(`credentials-${kind.toLowerCase().replace('_', '-')}`);
    }
    await shown.getByText('kind: Pod').waitFor();
    await flow.hand.fill(field(t('credentials.namespace'), shown), 'production');
    await shown.getByText(`kubectl create -f ${acme}-ci-secret.yml --namespace=production`).waitFor();
    const downloading = flow.page.waitForEvent('download');
    await flow.hand.press(button(t('app.download'), shown));
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(`${acme}-ci-secret.yml`);
    const secret = await readFile(await download.path(), 'utf8');
    const encoded = /\.dockerconfigjson: (\S+)/.exec(secret)?.[1] ?? '';
    const { auths } = JSON.parse(Buffer.from(encoded, 'base64').toString()) as {
      auths: Record<string, { auth: string }>;
    };
    const [username = '', password = ''] = Buffer.from(auths[product.stack.host]?.auth ?? '', 'base64')
      .toString()
      .split(':');
    expect(username).toBe(`${acme}+ci`);
    const client = new OciClient(product.stack.url, { username, password });
    const { digest } = await client.pushImage(`${acme}/app`, '1');
    expect(await client.pullImage(`${acme}/app`, '1')).toBe(digest);
    await flow.page.keyboard.press('Escape');
    await closed(shown);
    await look('robots');
  });

  test('a robot’s tokens: rotated with an overlap, revoked; its description, permissions and end', async () => {
    await flow.hand.press(flow.page.getByRole('link', { name: t('robots.manageOf', { login: `${acme}+ci` }) }));
    const tokens = flow.page.getByRole('listitem').filter({ has: button(t('robots.revoke')) });
    await expect.poll(() => tokens.count()).toBe(1);
    await flow.hand.press(button(t('robots.credentials')));
    const shown = dialog(t('credentials.of', { who: `${acme}+ci` }));
    await flow.hand.press(button(t('app.show'), shown));
    const old = await passwordIn(shown);
    await flow.page.keyboard.press('Escape');
    await closed(shown);

    await flow.hand.press(button(t('robots.rotate')));
    const rotating = dialog(t('robots.rotate'));
    await flow.hand.select(
      box(t('robots.overlap'), rotating),
      t('robots.overlapFor', { time: way.language === 'fr' ? '7 jours' : '7 days' }),
    );
    await look('robot-rotate');
    await flow.hand.press(button(t('robots.rotateNow'), rotating));
    await flow.hand.press(button(t('app.show'), shown));
    const fresh = await passwordIn(shown);
    expect(fresh).not.toBe(old);
    await flow.page.keyboard.press('Escape');
    await expect.poll(() => tokens.count()).toBe(2);
    await look('robot');
    // Both sign in until the old one is revoked.
    expect(await mayPull(old)).toBe(true);
    expect(await mayPull(fresh)).toBe(true);
    await flow.hand.press(button(t('robots.revoke')).last());
    await flow.hand.press(button(t('robots.revoke'), dialog(t('robots.revoke'))));
    await expect.poll(() => tokens.count()).toBe(1);
    expect(await mayPull(old)).toBe(false);
    expect(await mayPull(fresh)).toBe(true);

    await flow.hand.press(button(t('robots.describe')));
    await flow.hand.fill(field(t('robots.describe')), 'Builds and pushes');
    await flow.hand.press(button(t('app.save')));
    await flow.page.getByText('Builds and pushes').waitFor();
    await flow.hand.press(button(t('grantees.set')));
    const granting = dialog(t('grantees.repositoriesOf', { who: `${acme}+ci` }));
    await flow.hand.tick(granting.getByRole('checkbox', { name: 'app' }));
    await flow.hand.press(button(t('grantees.save'), granting));
    await flow.page.getByText(t('grantees.nothing')).waitFor();
    expect(await mayPull(fresh)).toBe(false);

    await flow.hand.press(button(t('robots.delete')));
    const deleting = dialog(t('robots.deleteOf', { login: `${acme}+ci` }));
    expect(await button(t('robots.delete'), deleting).isDisabled()).toBe(true);
    await flow.hand.fill(field(t('app.typeToConfirm', { name: 'ci' }), deleting), 'ci');
    await look('robot-delete');
    await flow.hand.press(button(t('robots.delete'), deleting));
    await flow.page.getByRole('button', { name: t('robots.show', { login: `${acme}+builder` }) }).waitFor();
    expect(await flow.page.getByText(`${acme}+ci`).count()).toBe(0);
  });

  const passwordIn = async (shown: Locator) => (await shown.getByText(/^esc_rob_\w+$/).textContent()) ?? '';

  async function mayPull(password: string): Promise<boolean> {
    const client = new OciClient(product.stack.url, { username: `${acme}+ci`, password });
    return (await client.request(`/v2/${acme}/app/manifests/1`)).status === 200;
  }
});
