import { describe, expect, test } from 'vitest';
import { consoleUnderTest } from '../support/console.ts';
import { flowOf, ways } from '../support/flow.ts';
import { signIn } from '../support/sign-in.ts';

const product = consoleUnderTest();
/** More than a list shows at first, which is fifty. */
const count = 55;

describe.each(ways)('lists that grow in $language, by $by', (way) => {
  const organization = `many-${way.language}`;
  const names = Array.from({ length: count }, (_, index) => `${organization}/r${String(index).padStart(2, '0')}`);
  const flow = flowOf(product, way, async () => {
    const alice = await signIn(product.stack, 'alice');
    const input = { name: organization };
    await alice.ask(
      'mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { id } } }',
      {
        input,
      },
    );
    for (const name of names)
      await alice.ask(
        'mutation ($input: CreateRepositoryInput!) { createRepository(input: $input) { repository { id } } }',
        {
          input: { name },
        },
      );
  });

  test('the repositories of home', async () => {
    await flow.go('/');
    const shown = flow.page.getByRole('link', { name: new RegExp(`^${organization}/r\\d\\d`) });
    await expect.poll(() => shown.count()).toBe(50);
    await flow.hand.press(flow.button(flow.t('app.more')));
    await expect.poll(() => shown.count()).toBe(count);
    await flow.look('all of home');
  });

  test('a log, whose first entries come with the rest of its page', async () => {
    await flow.go(`/organizations/${organization}/logs`);
    const entries = flow.page.getByRole('list', { name: flow.t('logs.entries') }).getByRole('listitem');
    await expect.poll(() => entries.count()).toBe(50);
    await flow.hand.press(flow.button(flow.t('app.more')));
    await expect.poll(() => entries.count()).toBeGreaterThanOrEqual(count);
    const lines = await entries.allTextContents();
    expect(new Set(lines).size).toBe(lines.length);
  });
});
