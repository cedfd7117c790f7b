import { describe, expect, test } from 'vitest';
import { accessibilityViolations } from '../support/accessibility.ts';
import { consoleUnderTest, signInAs } from '../support/console.ts';
import { keyboard, mouse } from '../support/hands.ts';
import { signIn } from '../support/sign-in.ts';

const product = consoleUnderTest();

const words = {
  en: {
    locale: 'en-GB',
    newToken: 'New API token',
    title: 'Title',
    write: 'Write repositories',
    create: 'Create API token',
    once: 'Copy it now. It is not shown again.',
    copied: 'I have copied it',
    revokeOf: 'Revoke nightly',
    revoke: 'Revoke',
    endOne: /^End the session of/,
    end: 'End',
    endOthers: 'End all other sessions',
    endThem: 'End them',
    here: 'This browser',
    search: 'Search and go',
    shortcuts: 'Keyboard shortcuts',
    users: 'Users',
    disable: 'Disable user',
    disabled: 'Disabled',
    newMessage: 'New message',
    message: 'Message',
    publish: 'Publish message',
    deleteMessage: 'Delete message',
    deleteOf: 'Delete the message',
    acting: 'You act with the rights of an administrator.',
    actions: 'Actions for',
    save: 'Save settings',
    apiDays: 'Days that an API token lives at most',
    saved: 'Saved.',
    namespace: 'Namespace',
    entries: 'Entries',
    userDisabled: 'User disabled',
  },
  fr: {
    locale: 'fr-FR',
    newToken: 'Nouveau jeton d’API',
    title: 'Titre',
    write: 'Écrire dans les dépôts',
    create: 'Créer le jeton d’API',
    once: 'Copiez-le maintenant. Il ne sera plus montré.',
    copied: 'Je l’ai copié',
    revokeOf: 'Révoquer nightly',
    revoke: 'Révoquer',
    endOne: /^Terminer la session de/,
    end: 'Terminer',
    endOthers: 'Terminer les autres sessions',
    endThem: 'Les terminer',
    here: 'Ce navigateur',
    search: 'Chercher et aller',
    shortcuts: 'Raccourcis clavier',
    users: 'Utilisateurs',
    disable: 'Désactiver l’utilisateur',
    disabled: 'Désactivé',
    newMessage: 'Nouveau message',
    message: 'Message',
    publish: 'Publier le message',
    deleteMessage: 'Supprimer le message',
    deleteOf: 'Supprimer le message',
    acting: 'Vous agissez avec les droits d’un administrateur.',
    actions: 'Actions pour',
    save: 'Enregistrer les réglages',
    apiDays: 'Jours de vie d’un jeton d’API, au plus',
    saved: 'Enregistré.',
    namespace: 'Espace de noms',
    entries: 'Entrées',
    userDisabled: 'Utilisateur désactivé',
  },
} as const;

describe.each(Object.entries(words))('in %s', (language, said) => {
  const scheme = language === 'fr' ? 'dark' : 'light';
  // French is spoken with the keyboard alone.
  const handsOn = language === 'fr' ? keyboard : mouse;

  test('an API token is made with scopes, shown once, used, and revoked', async () => {
    const window = await product.open({ locale: said.locale, colorScheme: scheme });
    const { page } = window;
    const hand = handsOn(page);
    await signInAs(page, product.stack, 'alice');
    await page.goto(`${product.stack.url}/settings/api-tokens`);
    await hand.press(page.getByRole('button', { name: said.newToken }));
    await hand.fill(page.getByLabel(said.title), 'nightly');
    await hand.tick(page.getByRole('checkbox', { name: said.write }));
    expect(await accessibilityViolations(page)).toEqual([]);
    await hand.press(page.getByRole('button', { name: said.create }));
    await page.getByText(said.once).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    const secret = (await page.getByRole('dialog').locator('pre').first().textContent()) ?? '';
    const answer = await fetch(`${product.stack.url}/graphql`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: '{ viewer { username } }' }),
    });
    expect(await answer.json()).toEqual({ data: { viewer: { username: 'alice' } } });
    await hand.press(page.getByRole('button', { name: said.copied }));
    await page.reload();
    await page.getByText('nightly').waitFor();
    expect(await page.content()).not.toContain(secret);
    await hand.press(page.getByRole('button', { name: said.revokeOf }));
    await hand.press(page.getByRole('dialog').getByRole('button', { name: said.revoke, exact: true }));
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: said.revokeOf }).waitFor({ state: 'detached' });
    expect(window.complaints).toEqual([]);
    await window.context.close();
  });

  test('one session ends once it was asked about, and all others with one act', async () => {
    const elsewhere = await signIn(product.stack, 'bob', { confirm: language === 'en' });
    const third = await signIn(product.stack, 'bob', { confirm: false });
    const whoIs = async (session: typeof third) => (await session.ask('{ viewer { username } }'))['viewer'];
    const window = await product.open({ locale: said.locale, colorScheme: scheme });
    const { page } = window;
    const hand = handsOn(page);
    await signInAs(page, product.stack, 'bob');
    await page.goto(`${product.stack.url}/settings/sessions`);
    await page.getByText(said.here).waitFor();
    const ends = page.getByRole('button', { name: said.endOne });
    const before = await ends.count();
    await hand.press(ends.first());
    await hand.press(page.getByRole('dialog').getByRole('button', { name: said.end, exact: true }));
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => ends.count()).toBe(before - 1);
    const left = (await Promise.all([elsewhere, third].map(whoIs))).filter((viewer) => viewer !== null);
    expect(left).toEqual([{ username: 'bob' }]);
    await hand.press(page.getByRole('button', { name: said.endOthers }));
    await hand.press(page.getByRole('button', { name: said.endThem }));
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: said.endOthers }).waitFor({ state: 'detached' });
    expect(await Promise.all([elsewhere, third].map(whoIs))).toEqual([null, null]);
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
    await window.context.close();
  });

  test('with the keyboard alone: the palette finds an organization, pairs of keys lead about, and a sheet says which', async () => {
    const window = await product.open({ locale: said.locale, colorScheme: scheme });
    const { page } = window;
    await signInAs(page, product.stack, 'alice');
    if (language === 'en') {
      const create = 'mutation { createOrganization(input: { name: "harbour" }) { organization { id } } }';
      await (await signIn(product.stack, 'alice', { confirm: false })).ask(create);
    }
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: said.search }).waitFor();
    await page.keyboard.type('harb');
    await page.getByRole('option', { name: /^harbour/ }).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${product.stack.url}/organizations/harbour/repositories`);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.type('?');
    await page.getByRole('dialog', { name: said.shortcuts }).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.type('gs');
    await page.waitForURL(`${product.stack.url}/settings/tokens`);
    await page.goto(`${product.stack.url}/search?q=harbour`);
    await page.getByRole('link', { name: 'harbour' }).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
    await window.context.close();
  });

  test('an administrator disables a person, tells everybody something, and sets a ceiling, under a banner', async () => {
    const person = language === 'en' ? 'carol' : 'bob';
    const victim = await signIn(product.stack, person, { confirm: language === 'en' });
    const window = await product.open({ locale: said.locale, colorScheme: scheme });
    const { page } = window;
    const hand = handsOn(page);
    await signInAs(page, product.stack, 'admin');
    await page.goto(`${product.stack.url}/admin`);
    await page.getByText(said.acting).waitFor();
    await hand.fill(page.getByRole('searchbox'), person);
    await hand.menu(page.getByRole('button', { name: `${said.actions} ${person}` }), said.disable);
    await hand.fill(page.getByRole('dialog').getByRole('textbox'), person);
    expect(await accessibilityViolations(page)).toEqual([]);
    await hand.press(page.getByRole('dialog').getByRole('button', { name: said.disable }));
    await page.getByRole('listitem').getByText(said.disabled, { exact: true }).first().waitFor();
    expect(await victim.ask('{ viewer { username } }')).toEqual({ viewer: null });

    await page.goto(`${product.stack.url}/admin/logs`);
    await hand.fill(page.getByRole('textbox', { name: said.namespace }), person);
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`namespace=${person}$`));
    const entries = page.getByRole('list', { name: said.entries }).getByRole('listitem');
    await expect.poll(() => entries.filter({ hasText: said.userDisabled }).allInnerTexts()).toHaveLength(1);
    await expect.poll(() => entries.filter({ hasText: 'alice' }).count()).toBe(0);
    expect(await entries.filter({ hasText: said.userDisabled }).innerText()).toContain(person);

    await page.goto(`${product.stack.url}/admin/messages`);
    await hand.press(page.getByRole('button', { name: said.newMessage }));
    await hand.fill(page.getByLabel(said.message, { exact: true }), 'Maintenance <b>tonight</b>');
    await hand.press(page.getByRole('button', { name: said.publish }));
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const stranger = await product.open({ locale: said.locale });
    await stranger.page.goto(product.stack.url);
    await stranger.page.getByText('Maintenance <b>tonight</b>').waitFor();
    expect(await accessibilityViolations(stranger.page)).toEqual([]);
    await stranger.context.close();
    expect(await accessibilityViolations(page)).toEqual([]);
    await hand.press(page.getByRole('main').getByRole('button', { name: said.deleteOf }));
    await hand.press(page.getByRole('dialog').getByRole('button', { name: said.deleteMessage }));
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText('Maintenance <b>tonight</b>').first().waitFor({ state: 'detached' });

    await page.goto(`${product.stack.url}/admin/settings`);
    await hand.fill(page.getByLabel(said.apiDays), '-3');
    await hand.press(page.getByRole('button', { name: said.save }));
    await page.getByText(/3650/).waitFor();
    await hand.fill(page.getByLabel(said.apiDays), '90');
    await hand.press(page.getByRole('button', { name: said.save }));
    await page.getByText(said.saved).waitFor();
    await page.waitForLoadState('networkidle');
    expect(await accessibilityViolations(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
    await window.context.close();
  });
});
