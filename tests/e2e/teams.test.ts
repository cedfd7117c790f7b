import { describe, expect, test } from 'vitest';
import { consoleUnderTest } from '../support/console.ts';
import { flowOf, ways } from '../support/flow.ts';
import { signIn } from '../support/sign-in.ts';
import { organizationScene } from './organization-scene.ts';

const product = consoleUnderTest();

describe.each(ways)('teams and members in $language, by $by', (way) => {
  const acme = `acme-${way.language}`;
  const base = `/organizations/${acme}`;
  const flow = flowOf(product, way, () =>
    organizationScene(product.stack, acme, { robots: ['builder'], groups: ['/platform/*'] }),
  );
  const { t, go, button, field, box, dialog, closed, look } = flow;

  test('a new team is asked at once what it may do, and gets it in one act', async () => {
    await go(base);
    await flow.hand.menu(button(t('app.new')), t('teams.new'));
    const creating = dialog(t('teams.new'));
    await flow.hand.fill(field(t('teams.name'), creating), 'dev');
    await flow.hand.select(box(t('teams.roleLabel'), creating), t('teams.role.CREATOR'));
    await creating.getByText(t('teams.means.CREATOR')).waitFor();
    await look('new-team');
    await flow.hand.press(button(t('teams.create'), creating));

    const granting = dialog(t('grantees.repositoriesOf', { who: 'dev' }));
    await granting.getByText(t('grantees.ticked', { n: 0 })).waitFor();
    await flow.hand.press(button(t('grantees.all'), granting));
    await granting.getByText(t('grantees.ticked', { n: 2 })).waitFor();
    await flow.hand.press(button(t('grantees.noneTicked'), granting));
    await flow.hand.fill(granting.getByRole('searchbox', { name: t('grantees.filter') }), 'we');
    await closed(granting.getByRole('checkbox', { name: 'app' }));
    await flow.hand.tick(granting.getByRole('checkbox', { name: 'web' }));
    await flow.hand.select(box(t('grantees.roleOn', { repository: `${acme}/web` }), granting), t('repository.WRITE'));
    await look('team-repositories');
    await flow.hand.press(button(t('grantees.save'), granting));
    await closed(granting);
    await flow.page
      .getByRole('listitem')
      .filter({ hasText: 'dev' })
      .getByText(t('teams.repositories', { n: 1 }))
      .waitFor();
    await look('teams');
  });

  test('a second team of the same name is refused at the name', async () => {
    await go(`${base}/teams?new=1`);
    await flow.hand.fill(field(t('teams.name'), dialog(t('teams.new'))), 'dev');
    await flow.hand.press(button(t('teams.create')));
    await flow.page.getByText(t('refusals.TEAM_EXISTS')).waitFor();
    await look('team-refused');
  });

  test('users and robots are found by typing, and go into a team and out of it', async () => {
    await go(`${base}/teams/dev`);
    await expect.poll(() => flow.page.title()).toBe(`dev · ${t('teams.title')} · ${acme} · Escale`);
    await flow.page.getByText(t('teams.noMembers')).waitFor();
    for (const [typed, whole] of [
      ['bo', 'bob'],
      ['buil', `${acme}+builder`],
    ] as const) {
      await flow.hand.find(box(t('teams.findMember')), typed, whole);
      await flow.hand.press(button(t('teams.addMember')));
      await button(t('teams.removeOf', { who: whole })).waitFor();
    }
    await look('team');
    await flow.hand.find(box(t('teams.findMember')), 'bob', 'bob');
    await flow.hand.press(button(t('teams.addMember')));
    await flow.page.getByText(t('refusals.MEMBER_EXISTS')).waitFor();

    await flow.hand.press(button(t('teams.removeOf', { who: `${acme}+builder` })));
    const removing = dialog(t('teams.removeOf', { who: `${acme}+builder` }));
    await removing.getByText(t('teams.removeText', { who: `${acme}+builder`, team: 'dev' })).waitFor();
    await look('team-remove');
    await flow.hand.press(button(t('teams.remove'), removing));
    await closed(button(t('teams.removeOf', { who: `${acme}+builder` })));
  });

  test('description and role are changed in place; a team that follows a group says so', async () => {
    await flow.hand.press(button(t('teams.describe')));
    await flow.hand.fill(field(t('teams.describe')), 'They write the software <b>that flies</b>');
    await flow.hand.press(button(t('app.save')));
    await flow.page.getByText('They write the software <b>that flies</b>').waitFor();
    await flow.hand.select(box(t('teams.roleOf', { team: 'dev' })), t('teams.role.MEMBER'));
    await flow.page.getByRole('main').getByText(t('teams.means.MEMBER')).waitFor();
    await flow.hand.press(button(t('teams.bindTo')));
    await flow.hand.fill(field(t('teams.group')), '/platform/dev');
    await flow.hand.press(button(t('teams.bind')));
    await flow.page.getByText(t('teams.syncedWith', { group: '/platform/dev', provider: 'Keycloak' })).waitFor();
    await look('team-synced');
    await flow.hand.press(button(t('teams.unbind')));
    await flow.page.getByText(t('teams.notSynced')).waitFor();
  });

  test('the last admin stays: whoever tries is told why where it was tried', async () => {
    const reason = t('refusals.LAST_ADMIN');
    await go(`${base}/teams`);
    await flow.hand.select(box(t('teams.roleOf', { team: 'owners' })), t('teams.role.MEMBER'));
    await flow.page.getByRole('listitem').filter({ hasText: 'owners' }).getByText(reason).waitFor();
    await go(`${base}/teams/owners`);
    await flow.hand.press(button(t('teams.removeOf', { who: 'alice' })));
    await flow.hand.press(button(t('teams.leave')));
    await dialog(t('teams.removeOf', { who: 'alice' }))
      .getByText(reason)
      .waitFor();
    await look('last-admin');
    await flow.page.keyboard.press('Escape');
    await flow.hand.menu(
      button(t('organization.more', { organization: acme })),
      t('members.leaveOf', { organization: acme }),
    );
    await flow.hand.press(button(t('members.leave')));
    await dialog(t('members.leaveOf', { organization: acme }))
      .getByText(reason)
      .waitFor();
  });

  test('members and collaborators are two views; removing somebody says what is lost', async () => {
    const alice = await signIn(product.stack, 'alice', { confirm: false });
    await alice.ask(
      'mutation ($input: SetRepositoryPermissionInput!) { setRepositoryPermission(input: $input) { permission { role } } }',
      { input: { repository: `${acme}/app`, grantee: { user: 'carol' }, role: 'READ' } },
    );
    await go(`${base}/members`);
    await look('members');
    await flow.hand.press(flow.page.getByRole('link', { name: t('members.collaborators') }));
    await flow.page
      .getByRole('listitem')
      .filter({ hasText: 'carol' })
      .getByText(t('members.direct', { n: 1 }))
      .waitFor();
    expect(flow.page.url()).toContain('view=collaborators');
    await look('collaborators');
    await go(`${base}/members`);
    await flow.hand.press(button(t('members.removeOf', { who: 'bob' })));
    const removing = dialog(t('members.removeFrom', { who: 'bob', organization: acme }));
    await removing.getByText(t('members.lostTeam', { team: 'dev' })).waitFor();
    await look('member-remove');
    await flow.hand.press(button(t('members.remove'), removing));
    await closed(button(t('members.removeOf', { who: 'bob' })));
  });
});
