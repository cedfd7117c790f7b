import type { Locator, Page } from 'playwright-core';
import type { Viewer } from '../support/console-places.ts';
import type { Words } from '../support/console.ts';

/** A dialog of the console: where it is opened, and by what. */
export interface DialogPlace {
  readonly name: string;
  readonly viewer: Viewer;
  readonly address: string;
  /** Opens it. @returns what gets the focus back when it is closed; undefined where keys opened it from anywhere */
  readonly open: (page: Page, t: Words) => Promise<Locator | undefined>;
  /** The text of the button that closes it, where Escape must not. */
  readonly closedBy?: string | undefined;
}

type Open = DialogPlace['open'];
type Names = Readonly<Record<string, string | number>>;

/** By a button, by the key of its text. @param first how much of the text names it; all of it when left out */
const button =
  (key: string, names: Names = {}, first?: number): Open =>
  async (page, t) => {
    const found = page
      .getByRole('main')
      .getByRole('button', { name: t(key, names).slice(0, first) })
      .first();
    await found.click();
    return found;
  };

/** By an item of the menu of a button. */
const menu =
  (key: string, names: Names, item: string, itemNames: Names = {}): Open =>
  async (page, t) => {
    const opener = await button(key, names)(page, t);
    await page.getByRole('menuitem', { name: t(item, itemNames) }).click();
    return opener;
  };

const keys =
  (pressed: string): Open =>
  async (page) => {
    await page.keyboard.press(pressed);
    return undefined;
  };

const app = '/repositories/acme/app/-';
const acme = '/organizations/acme';
const tag = (name: string, act: string) => menu('tags.actions', { tag: name }, `tags.${act}`);

/** With all tags chosen. */
const deleteAll: Open = async (page, t) => {
  await page
    .getByRole('checkbox', { name: t('tags.selectAll', { n: 11 }) })
    .first()
    .click();
  const opener = page.getByRole('toolbar').getByRole('button', { name: t('tags.delete') });
  await opener.click();
  return opener;
};

/** As the server answers when a sign-in is too old for what was asked. */
const signInAgain: Open = async (page, t) => {
  const error = { message: 'again', path: ['revealApplicationToken'], extensions: { code: 'FRESH_SIGN_IN_REQUIRED' } };
  await page.route('**/graphql', (route) => route.fulfill({ json: { data: null, errors: [error] } }));
  const opener = await button('tokens.show', { title: 'laptop' })(page, t);
  await page.getByRole('dialog', { name: t('signIn.again.title') }).waitFor();
  await page.unroute('**/graphql');
  return opener;
};

/** Once the token is made; Escape would lose its secret. */
const apiTokenSecret: Open = async (page, t) => {
  const opener = await button('apiTokens.new')(page, t);
  const creating = page.getByRole('dialog', { name: t('apiTokens.new') });
  await creating.getByRole('textbox', { name: t('tokens.name') }).fill('walk');
  await creating.getByRole('button', { name: t('apiTokens.create') }).click();
  await page.getByRole('dialog', { name: t('apiTokens.secretOf', { title: 'walk' }) }).waitFor();
  return opener;
};

/** With all of them chosen. */
const deleteUntagged: Open = async (page, t) => {
  await page.getByRole('checkbox', { name: t('untagged.selectAll', { n: 2 }) }).click();
  return button('untagged.deleteAction')(page, t);
};

type Row = readonly [name: string, address: string, open: Open, closedBy?: string];

const ofAlice: readonly Row[] = [
  ['palette', '/', keys('Control+k')],
  ['shortcuts', '/', keys('?')],
  ['token-create', '/settings/tokens', button('tokens.new')],
  ['token-credentials', '/settings/tokens', button('tokens.show', { title: 'laptop' })],
  ['token-revoke', '/settings/tokens', button('tokens.revokeOf', { title: 'laptop' })],
  ['token-create-on-the-spot', '/repositories/acme/charts/app/-/information', button('repository.getToken')],
  ['sign-in-again', '/settings/tokens', signInAgain],
  ['api-token-create', '/settings/api-tokens', button('apiTokens.new')],
  ['api-token-secret', '/settings/api-tokens', apiTokenSecret, 'apiTokens.kept'],
  ['api-token-revoke', '/settings/api-tokens', button('tokens.revokeOf', { title: 'provisioning' })],
  ['session-end', '/settings/sessions', button('sessions.endOf', {}, 17)],
  ['sessions-end', '/settings/sessions', button('sessions.endOthers')],
  ['team-create', `${acme}/teams`, button('teams.new')],
  ['team-repositories', `${acme}/teams`, button('teams.setRepositories', { team: 'support', what: '' })],
  ['team-delete', `${acme}/teams/support`, button('teams.delete')],
  ['team-member-remove', `${acme}/teams/developers`, button('teams.removeOf', { who: 'bob' })],
  ['team-pending-forget', `${acme}/teams/developers`, button('teams.forget', { who: 'ines@acme.example' })],
  ['member-remove', `${acme}/members`, button('members.removeOf', { who: 'bob' })],
  [
    'organization-leave',
    `${acme}/repositories`,
    menu('organization.more', { organization: 'acme' }, 'members.leaveOf', { organization: 'acme' }),
  ],
  ['organization-delete', `${acme}/settings`, button('organization.delete')],
  ['default-permission-create', `${acme}/default-permissions`, button('defaults.new')],
  ['default-permissions-apply', `${acme}/default-permissions`, button('defaults.apply')],
  ['robot-create', `${acme}/robots`, button('robots.new')],
  ['robot-credentials', `${acme}/robots`, button('robots.show', { login: 'acme+ci' })],
  ['robot-repositories', `${acme}/robots/ci`, button('grantees.set')],
  ['robot-delete', `${acme}/robots/ci`, button('robots.delete')],
  ['robot-token-new', `${acme}/robots/ci`, button('tokens.new')],
  ['robot-tokens-rotate', `${acme}/robots/ci`, button('robots.rotate')],
  ['robot-token-rotate', `${acme}/robots/ci`, button('robots.rotateThis')],
  ['robot-token-revoke', `${acme}/robots/ci`, button('robots.revoke')],
  ['tag-set', `${app}/tags`, button('tags.new')],
  ['tag-add', `${app}/tags`, tag('main', 'addHere')],
  ['tag-expiry', `${app}/tags`, tag('main', 'setExpiry')],
  ['tag-immutable', `${app}/tags`, tag('main', 'makeImmutable')],
  ['tag-mutable', `${app}/tags`, tag('1.4.2', 'makeMutable')],
  ['tag-delete', `${app}/tags`, tag('main', 'delete')],
  ['tags-delete', `${app}/tags`, deleteAll],
  ['tag-restore', `${app}/history`, button('tags.restoreTo', { tag: 'pr-815', digest: '' }, 15)],
  ['untagged-delete', `${app}/untagged`, deleteUntagged],
  ['permission-remove', `${app}/permissions`, button('permissions.removeOf', { who: 'grace' })],
  ['permission-grant', `${app}/permissions?who=bob&can=ADMINISTER`, button('permissions.grant', { role: '' }, 5)],
  ['logs-export', `${app}/logs`, menu('logs.export', {}, 'logs.csv')],
  ['repository-publish', `${app}/settings`, button('repository.makePublic')],
  ['repository-delete', `${app}/settings`, button('repository.delete')],
];

const ofAdministrators: readonly Row[] = [
  ['user-disable', '/admin/users', menu('admin.actionsOf', { name: 'dana' }, 'admin.disable')],
  ['user-revoke', '/admin/users', menu('admin.actionsOf', { name: 'dana' }, 'admin.revoke')],
  ['organization-take-over', '/admin/organizations', button('admin.takeOverOf', { name: 'northwind' })],
  ['message-create', '/admin/messages', button('messages.new')],
  ['message-delete', '/admin/messages', button('messages.deleteOf', { text: 'Maintenance on Saturday' }, 30)],
];

/** Every dialog there is. What an installation must hold for them is in `livelyScene`. */
export const dialogs: readonly DialogPlace[] = [
  ...ofAlice.map(([name, address, open, closedBy]) => ({ name, address, open, closedBy, viewer: 'alice' as const })),
  ...ofAdministrators.map(([name, address, open]) => ({ name, address, open, viewer: 'admin' as const })),
];
