import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  consoleUnderTest,
  expectSound,
  signInAs,
  wordsOf,
  type ConsoleUnderTest,
  type ConsoleWindow,
} from '../support/console.ts';
import { keyboard, mouse, type Hands } from '../support/hands.ts';
import { OciClient } from '../support/oci.ts';
import { signIn } from '../support/sign-in.ts';

const pictures = path.resolve(import.meta.dirname, '../../test-results');
mkdirSync(pictures, { recursive: true });

const product = consoleUnderTest();
beforeAll(async () => {
  // People are known to the registry from their first sign-in on.
  for (const username of ['alice', 'bob', 'carol']) await signIn(product.stack, username);
});

/** Every flow in each language: once with the mouse on a wide and light screen, once with the keyboard on a small and dark one. */
const ways = [
  { language: 'en', scheme: 'light', width: 1440, hands: mouse, by: 'mouse' },
  { language: 'fr', scheme: 'dark', width: 390, hands: keyboard, by: 'keyboard alone' },
] as const;

describe.each(ways)('an organization in $language, by $by', ({ language, scheme, width, hands }) => {
  const t = wordsOf(language);
  const acme = `acme-${language}`;
  const base = `/organizations/${acme}`;
  let stack: ConsoleUnderTest['stack'];
  let page: Page;
  let complaints: ConsoleWindow['complaints'];
  let hand: Hands;

  beforeAll(async () => {
    const options = { viewport: { width, height: 900 }, colorScheme: scheme, locale: language };
    ({ stack } = product);
    ({ page, complaints } = await product.open(options));
    page.setDefaultTimeout(15_000);
    hand = hands(page);
    await signInAs(page, stack, 'alice');
  });
  afterAll(() => page.context().close());

  const go = async (to: string) => {
    await page.goto(`${stack.url}${to}`);
    await page.waitForLoadState('networkidle');
  };
  const button = (name: string | RegExp, within: Page | Locator = page) =>
    within.getByRole('button', { name, exact: true });
  const field = (name: string, within: Page | Locator = page) => within.getByRole('textbox', { name });
  const box = (name: string, within: Page | Locator = page) => within.getByRole('combobox', { name });
  const dialog = (name: string) => page.getByRole('dialog', { name });
  const closed = (of: Locator) => of.waitFor({ state: 'detached' });

  /** What stands there now is fit for everybody, and for this width. */
  const look = async (name: string) => {
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: path.join(pictures, `org-${name}-${language}-${scheme}-${String(width)}.png`) });
    await expectSound(page, name);
    expect(complaints).toEqual([]);
  };

  test('“+” makes an organization, whose name is checked while one types', async () => {
    await hand.menu(button(t('app.new')), t('organization.new'));
    const name = field(t('organization.name'));
    await hand.fill(name, 'bob');
    await page.getByText(t('name.TAKEN', { name: 'bob' })).waitFor();
    await hand.fill(name, acme);
    await page.getByText(t('name.VALID', { name: acme })).waitFor();
    await look('new');
    await hand.press(button(t('organization.create')));
    await page.getByRole('heading', { name: acme, level: 1 }).waitFor();
    await expect.poll(() => page.title()).toBe(`${t('organization.repositories')} · ${acme} · Escale`);
  });

  test('an empty one shows the three commands, and gets the token for them on the spot', async () => {
    await page.getByText(`docker tag my-image ${stack.host}/${acme}/app:1`).waitFor();
    await page.getByText(`docker push ${stack.host}/${acme}/app:1`).waitFor();
    await page.getByText(`docker login -u='$app' ${stack.host}`).waitFor();
    await hand.press(button(t('repository.getToken')));
    await hand.fill(field(t('tokens.name')), `first push ${language}`);
    await hand.press(button(t('tokens.create')));
    await page.getByText(`docker login -u='$app' -p='••••••••' ${stack.host}`).waitFor();
    await hand.press(button(t('app.copy')).first());
    const line = await page.evaluate(() => navigator.clipboard.readText());
    expect(line).toMatch(/^docker login -u='\$app' -p='esc_app_\w+' localhost:\d+$/);
    await look('empty');
  });

  test('“+” makes a repository in the organization one is in, and knows what is taken', async () => {
    for (const path of ['app', 'web']) {
      await go(base);
      await hand.menu(button(t('app.new')), t('repositories.new'));
      await hand.fill(field(t('repositories.path')), 'A b');
      await page.getByText(t('repositories.check.INVALID')).waitFor();
      await hand.fill(field(t('repositories.path')), path);
      await page.getByText(t('repositories.check.VALID', { name: `${acme}/${path}` })).waitFor();
      await hand.press(button(t('repositories.create')));
      await page.getByRole('heading', { name: `${acme}/${path}`, level: 1 }).waitFor();
    }
    await go(`/new/repository?namespace=${acme}`);
    await hand.fill(field(t('repositories.path')), 'app');
    await page.getByText(t('repositories.check.TAKEN', { name: `${acme}/app` })).waitFor();
    await look('new-repository');
  });

  test('a new team is asked at once what it may do, and gets it in one act', async () => {
    await go(base);
    await hand.menu(button(t('app.new')), t('teams.new'));
    const creating = dialog(t('teams.new'));
    await hand.fill(field(t('teams.name'), creating), 'dev');
    await hand.select(box(t('teams.roleLabel'), creating), t('teams.role.CREATOR'));
    await creating.getByText(t('teams.means.CREATOR')).waitFor();
    await look('new-team');
    await hand.press(button(t('teams.create'), creating));

    const granting = dialog(t('grantees.repositoriesOf', { who: 'dev' }));
    await granting.getByText(t('grantees.ticked', { n: 0 })).waitFor();
    await hand.press(button(t('grantees.all'), granting));
    await granting.getByText(t('grantees.ticked', { n: 2 })).waitFor();
    await hand.press(button(t('grantees.noneTicked'), granting));
    await hand.fill(granting.getByRole('searchbox', { name: t('grantees.filter') }), 'we');
    await closed(granting.getByRole('checkbox', { name: 'app' }));
    await hand.tick(granting.getByRole('checkbox', { name: 'web' }));
    await hand.select(box(t('grantees.roleOn', { repository: `${acme}/web` }), granting), t('repository.WRITE'));
    await look('team-repositories');
    await hand.press(button(t('grantees.save'), granting));
    await closed(granting);
    await page
      .getByRole('listitem')
      .filter({ hasText: 'dev' })
      .getByText(t('teams.repositories', { n: 1 }))
      .waitFor();
    await look('teams');
  });

  test('a second team of the same name is refused at the name', async () => {
    await go(`${base}/teams?new=1`);
    await hand.fill(field(t('teams.name'), dialog(t('teams.new'))), 'dev');
    await hand.press(button(t('teams.create')));
    await page.getByText('there is already a team dev').waitFor();
    await look('team-refused');
  });

  test('users and robots are found by typing, and go into a team and out of it', async () => {
    await go(`${base}/robots?new=1`);
    await hand.fill(field(t('robots.name')), 'builder');
    await hand.press(button(t('robots.create')));
    await dialog(t('credentials.of', { who: `${acme}+builder` })).waitFor();

    await go(`${base}/teams/dev`);
    await expect.poll(() => page.title()).toBe(`dev · ${t('teams.title')} · ${acme} · Escale`);
    await page.getByText(t('teams.noMembers')).waitFor();
    for (const [typed, whole] of [
      ['bo', 'bob'],
      ['buil', `${acme}+builder`],
    ] as const) {
      await hand.find(box(t('teams.findMember')), typed, whole);
      await hand.press(button(t('teams.addMember')));
      await button(t('teams.removeOf', { who: whole })).waitFor();
    }
    await look('team');
    await hand.find(box(t('teams.findMember')), 'bob', 'bob');
    await hand.press(button(t('teams.addMember')));
    await page.getByText('bob is in the team dev already').waitFor();

    await hand.press(button(t('teams.removeOf', { who: `${acme}+builder` })));
    const removing = dialog(t('teams.removeOf', { who: `${acme}+builder` }));
    await removing.getByText(t('teams.removeText', { who: `${acme}+builder`, team: 'dev' })).waitFor();
    await look('team-remove');
    await hand.press(button(t('teams.remove'), removing));
    await closed(button(t('teams.removeOf', { who: `${acme}+builder` })));
  });

  test('description and role are changed in place; a team that follows a group says so', async () => {
    await hand.press(button(t('teams.describe')));
    await hand.fill(field(t('teams.describe')), 'They write the software <b>that flies</b>');
    await hand.press(button(t('app.save')));
    await page.getByText('They write the software <b>that flies</b>').waitFor();
    await hand.select(box(t('teams.roleOf', { team: 'dev' })), t('teams.role.MEMBER'));
    await page.getByRole('main').getByText(t('teams.means.MEMBER')).waitFor();
    await hand.press(button(t('teams.bindTo')));
    await hand.fill(field(t('teams.group')), '/platform/dev');
    await hand.press(button(t('teams.bind')));
    await page.getByText(t('teams.syncedWith', { group: '/platform/dev', provider: 'Keycloak' })).waitFor();
    await look('team-synced');
    await hand.press(button(t('teams.unbind')));
    await page.getByText(t('teams.notSynced')).waitFor();
  });

  test('the last admin stays: whoever tries is told why where it was tried', async () => {
    const reason = `${acme} would have nobody left who administers it`;
    await go(`${base}/teams`);
    await hand.select(box(t('teams.roleOf', { team: 'owners' })), t('teams.role.MEMBER'));
    await page.getByRole('listitem').filter({ hasText: 'owners' }).getByText(reason).waitFor();
    await go(`${base}/teams/owners`);
    await hand.press(button(t('teams.removeOf', { who: 'alice' })));
    await hand.press(button(t('teams.leave')));
    await dialog(t('teams.removeOf', { who: 'alice' }))
      .getByText(reason)
      .waitFor();
    await look('last-admin');
    await page.keyboard.press('Escape');
    await hand.menu(
      button(t('organization.more', { organization: acme })),
      t('members.leaveOf', { organization: acme }),
    );
    await hand.press(button(t('members.leave')));
    await dialog(t('members.leaveOf', { organization: acme }))
      .getByText(reason)
      .waitFor();
  });

  test('members and collaborators are two views; removing somebody says what is lost', async () => {
    const alice = await signIn(stack, 'alice', { confirm: false });
    await alice.ask(
      'mutation ($input: SetRepositoryPermissionInput!) { setRepositoryPermission(input: $input) { permission { role } } }',
      { input: { repository: `${acme}/app`, grantee: { user: 'carol' }, role: 'READ' } },
    );
    await go(`${base}/members`);
    await look('members');
    await hand.press(page.getByRole('link', { name: t('members.collaborators') }));
    await page
      .getByRole('listitem')
      .filter({ hasText: 'carol' })
      .getByText(t('members.direct', { n: 1 }))
      .waitFor();
    expect(page.url()).toContain('view=collaborators');
    await look('collaborators');
    await go(`${base}/members`);
    await hand.press(button(t('members.removeOf', { who: 'bob' })));
    const removing = dialog(t('members.removeFrom', { who: 'bob', organization: acme }));
    await removing.getByText(t('members.lostTeam', { team: 'dev' })).waitFor();
    await look('member-remove');
    await hand.press(button(t('members.remove'), removing));
    await closed(button(t('members.removeOf', { who: 'bob' })));
  });

  test('default permissions: for anyone or one creator, previewed, and applied to what exists once its effect was seen', async () => {
    await go(`${base}/default-permissions`);
    await page.getByText(t('defaults.none')).waitFor();
    await look('defaults-empty');
    await hand.press(button(t('defaults.new')));
    const creating = dialog(t('defaults.new'));
    await creating.getByText(t('defaults.text')).waitFor();
    await hand.find(box(t('defaults.findGrantee'), creating), 'de', 'dev');
    await hand.press(button(t('defaults.create'), creating));
    await closed(creating);

    await hand.press(button(t('defaults.new')));
    await hand.radio(creating.getByRole('radio', { name: t('defaults.one') }));
    await hand.find(box(t('defaults.findCreator'), creating), 'bob', 'bob');
    await hand.find(box(t('defaults.findGrantee'), creating), 'carol', 'carol');
    await hand.select(box(t('defaults.permission'), creating), t('repository.WRITE'));
    await look('defaults-new');
    await hand.press(button(t('defaults.create'), creating));
    await closed(creating);

    const preview = page.getByRole('list', { name: t('defaults.preview') });
    await preview.getByText('dev').waitFor();
    expect(await preview.getByText('carol').count()).toBe(0);
    await hand.find(box(t('defaults.previewBy')), 'bob', 'bob');
    await preview.getByText('carol').waitFor();
    await look('defaults');

    await hand.press(button(t('defaults.apply')));
    const applying = dialog(t('defaults.applyTitle'));
    // Of the two repositories one gives the team more already.
    await applying.getByText(t('defaults.wouldChange', { n: 1 })).waitFor();
    await applying.getByText(`${acme}/app`).waitFor();
    await look('defaults-apply');
    await hand.press(button(t('defaults.applyNow'), applying));
    await applying.getByText(t('defaults.applied', { n: 1 })).waitFor();
    await hand.press(button(t('app.close'), applying).last());

    await hand.press(button(t('defaults.deleteOf', { who: 'carol' })));
    await closed(button(t('defaults.deleteOf', { who: 'carol' })));
  });

  test('a robot gets its permissions as it is made, and its credentials come in seven forms', async () => {
    await go(base);
    await hand.menu(button(t('app.new')), t('robots.new'));
    const creating = dialog(t('robots.new'));
    await hand.fill(field(t('robots.name'), creating), 'ci');
    await page.getByText(t('robots.nameHelp', { login: `${acme}+ci` })).waitFor();
    await hand.fill(field(t('robots.description'), creating), 'The build server');
    await hand.select(box(t('robots.expires'), creating), t('tokens.days', { n: 90 }));
    await hand.tick(creating.getByRole('checkbox', { name: 'app' }));
    await hand.select(box(t('grantees.roleOn', { repository: `${acme}/app` }), creating), t('repository.WRITE'));
    await look('robot-new');
    await hand.press(button(t('robots.create'), creating));

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
      await hand.tab(shown.getByRole('tab', { name: t(`credentials.${kind}`), exact: true }));
      await shown.getByText(content).first().waitFor();
      // Neither the token nor anything that holds it in base64.
      expect(await shown.innerText()).not.toMatch(/esc_rob_|[A-Za-z0-9+/]{40}/);
      await look(`credentials-${kind.toLowerCase().replace('_', '-')}`);
    }
    await shown.getByText('kind: Pod').waitFor();
    await hand.fill(field(t('credentials.namespace'), shown), 'production');
    await shown.getByText(`kubectl create -f ${acme}-ci-secret.yml --namespace=production`).waitFor();
    const downloading = page.waitForEvent('download');
    await hand.press(button(t('app.download'), shown));
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(`${acme}-ci-secret.yml`);
    const secret = await readFile(await download.path(), 'utf8');
    const encoded = /\.dockerconfigjson: (\S+)/.exec(secret)?.[1] ?? '';
    const { auths } = JSON.parse(Buffer.from(encoded, 'base64').toString()) as {
      auths: Record<string, { auth: string }>;
    };
    const [username = '', password = ''] = Buffer.from(auths[stack.host]?.auth ?? '', 'base64')
      .toString()
      .split(':');
    expect(username).toBe(`${acme}+ci`);
    const client = new OciClient(stack.url, { username, password });
    const { digest } = await client.pushImage(`${acme}/app`, '1');
    expect(await client.pullImage(`${acme}/app`, '1')).toBe(digest);
    await page.keyboard.press('Escape');
    await closed(shown);
    await look('robots');
  });

  test('a robot’s tokens: rotated with an overlap, revoked; its description, permissions and end', async () => {
    await hand.press(page.getByRole('link', { name: t('robots.manageOf', { login: `${acme}+ci` }) }));
    const tokens = page.getByRole('listitem').filter({ has: button(t('robots.revoke')) });
    await expect.poll(() => tokens.count()).toBe(1);
    await hand.press(button(t('robots.credentials')));
    const shown = dialog(t('credentials.of', { who: `${acme}+ci` }));
    await hand.press(button(t('app.show'), shown));
    const old = await passwordIn(shown);
    await page.keyboard.press('Escape');
    await closed(shown);

    await hand.press(button(t('robots.rotate')));
    const rotating = dialog(t('robots.rotate'));
    await hand.select(
      box(t('robots.overlap'), rotating),
      t('robots.overlapFor', { time: language === 'fr' ? '7 jours' : '7 days' }),
    );
    await look('robot-rotate');
    await hand.press(button(t('robots.rotateNow'), rotating));
    await hand.press(button(t('app.show'), shown));
    const fresh = await passwordIn(shown);
    expect(fresh).not.toBe(old);
    await page.keyboard.press('Escape');
    await expect.poll(() => tokens.count()).toBe(2);
    await look('robot');
    // Both sign in until the old one is revoked.
    expect(await mayPull(old)).toBe(true);
    expect(await mayPull(fresh)).toBe(true);
    await hand.press(button(t('robots.revoke')).last());
    await hand.press(button(t('robots.revoke'), dialog(t('robots.revoke'))));
    await expect.poll(() => tokens.count()).toBe(1);
    expect(await mayPull(old)).toBe(false);
    expect(await mayPull(fresh)).toBe(true);

    await hand.press(button(t('robots.describe')));
    await hand.fill(field(t('robots.describe')), 'Builds and pushes');
    await hand.press(button(t('app.save')));
    await page.getByText('Builds and pushes').waitFor();
    await hand.press(button(t('grantees.set')));
    const granting = dialog(t('grantees.repositoriesOf', { who: `${acme}+ci` }));
    await hand.tick(granting.getByRole('checkbox', { name: 'app' }));
    await hand.press(button(t('grantees.save'), granting));
    await page.getByText(t('grantees.nothing')).waitFor();
    expect(await mayPull(fresh)).toBe(false);

    await hand.press(button(t('robots.delete')));
    const deleting = dialog(t('robots.deleteOf', { login: `${acme}+ci` }));
    expect(await button(t('robots.delete'), deleting).isDisabled()).toBe(true);
    await hand.fill(field(t('app.typeToConfirm', { name: 'ci' }), deleting), 'ci');
    await look('robot-delete');
    await hand.press(button(t('robots.delete'), deleting));
    await page.getByRole('button', { name: t('robots.show', { login: `${acme}+builder` }) }).waitFor();
    expect(await page.getByText(`${acme}+ci`).count()).toBe(0);
  });

  test('settings are saved, and errors stand at their field', async () => {
    await go(`${base}/settings`);
    await hand.fill(field(t('organization.description')), 'Rockets');
    await hand.fill(field(t('organization.contactEmail')), 'team@example.org');
    await hand.select(box(t('organization.timeMachine')), t('organization.timeMachineOff'));
    await page.getByText(t('organization.timeMachineShorter')).waitFor();
    await hand.press(button(t('organization.save')));
    await page.getByText(t('app.saved'), { exact: true }).waitFor();
    await look('settings');
    await page.reload();
    expect(await field(t('organization.contactEmail')).inputValue()).toBe('team@example.org');
  });

  test('deleting asks for the name and says what goes; it can be undone at the same place', async () => {
    await hand.press(button(t('organization.delete')));
    const deleting = dialog(t('organization.deleteOf', { name: acme }));
    await deleting.getByText(t('teams.repositories', { n: 2 })).waitFor();
    // The image of one robot, with two layers of 3,000 bytes together.
    await deleting.getByText(/3[,\s]\d\d\d\s(?:bytes|octets)/).waitFor();
    await hand.fill(field(t('app.typeToConfirm', { name: acme }), deleting), 'something else');
    expect(await button(t('organization.delete'), deleting).isDisabled()).toBe(true);
    await hand.fill(field(t('app.typeToConfirm', { name: acme }), deleting), acme);
    await look('delete');
    await hand.press(button(t('organization.delete'), deleting));
    await page.getByText(t('organization.deleted', { name: acme })).waitFor();
    await look('deleted');
    await hand.press(button(t('organization.restore')));
    await page.getByRole('link', { name: t('teams.title') }).waitFor();
    await go(base);
    await page.getByRole('link', { name: `${acme}/app` }).waitFor();
    await look('repositories');
  });

  test('a personal namespace has repositories and robots; another’s shows what one may see', async () => {
    await go('/organizations/alice');
    await page.waitForURL(`${stack.url}/users/alice/repositories`);
    await hand.press(page.getByRole('link', { name: t('robots.title') }));
    await hand.press(button(t('robots.new')));
    await hand.fill(field(t('robots.name')), `laptop-${language}`);
    await hand.press(button(t('robots.create')));
    await dialog(t('credentials.of', { who: `alice+laptop-${language}` })).waitFor();
    await page.keyboard.press('Escape');
    await hand.press(page.getByRole('link', { name: t('robots.manageOf', { login: `alice+laptop-${language}` }) }));
    await page.getByRole('heading', { name: `alice+laptop-${language}` }).waitFor();
    await look('personal-robot');
    await go('/users/bob');
    await page.getByText(t('organization.noneVisible')).waitFor();
    expect(await page.getByRole('link', { name: t('robots.title') }).count()).toBe(0);
    await look('other-user');
  });

  const passwordIn = async (shown: Locator) => (await shown.getByText(/^esc_rob_\w+$/).textContent()) ?? '';

  async function mayPull(password: string): Promise<boolean> {
    const client = new OciClient(stack.url, { username: `${acme}+ci`, password });
    return (await client.request(`/v2/${acme}/app/manifests/1`)).status === 200;
  }
});

test.each([
  { language: 'en', scheme: 'dark', width: 390 },
  { language: 'fr', scheme: 'light', width: 1440 },
] as const)(
  'every page of an organization in $language, $scheme, at $width pixels',
  async ({ language, scheme, width }) => {
    const options = { viewport: { width, height: 900 }, colorScheme: scheme, locale: language };
    const { stack } = product;
    const { page, context, complaints } = await product.open(options);
    await signInAs(page, stack, 'alice');
    const base = `/organizations/acme-${language}`;
    for (const address of [
      ...[
        '/repositories',
        '/teams',
        '/teams?new=1',
        '/teams/dev',
        '/members',
        '/members?view=collaborators',
        '/robots',
      ],
      ...['/robots?new=1', '/robots/builder', '/default-permissions', '/settings'],
    ]) {
      await page.goto(`${stack.url}${base}${address}`);
      await page.waitForLoadState('networkidle');
      const name = `page${address.replaceAll(/[^a-z]+/g, '-')}-${language}-${scheme}-${String(width)}`;
      await page.screenshot({ path: path.join(pictures, `${name}.png`) });
      await expectSound(page, name);
    }
    await context.close();
    expect(complaints).toEqual([]);
  },
);
