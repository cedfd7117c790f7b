import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { expectSound, settled, signInAs, wordsOf, type ConsoleUnderTest, type Words } from './console.ts';
import { keyboard, mouse, type Hands } from './hands.ts';

/** Every flow in each language: once with the mouse on a wide and light screen, once with the keyboard on a small and dark one. */
export const ways = [
  { language: 'en', scheme: 'light', width: 1440, hands: mouse, by: 'mouse' },
  { language: 'fr', scheme: 'dark', width: 390, hands: keyboard, by: 'keyboard alone at 390 pixels' },
] as const;

export type Way = (typeof ways)[number];

/** A window in which a flow is walked through, and how it is spoken of there. */
export interface Flow {
  readonly t: Words;
  readonly page: Page;
  readonly hand: Hands;
  /** Opens an address of the console, and waits until it is there. */
  readonly go: (address: string) => Promise<void>;
  readonly button: (name: string | RegExp, within?: Locator) => Locator;
  readonly field: (name: string, within?: Locator) => Locator;
  /** Where one chooses from a list. */
  readonly box: (name: string, within?: Locator) => Locator;
  readonly dialog: (name?: string) => Locator;
  readonly closed: (of?: Locator) => Promise<void>;
  /** What stands there now is fit for everybody and for this width, and the browser has nothing to say against it. */
  readonly look: (name: string) => Promise<void>;
}

/** A window for the tests of the calling block, in which somebody is signed in. @param before what must be there by then */
export function flowOf(product: ConsoleUnderTest, way: Way, before = (): Promise<unknown> => Promise.resolve()): Flow {
  const { language, scheme, width, hands } = way;
  let page: Page;
  let complaints: readonly string[];
  let hand: Hands;
  beforeAll(async () => {
    await before();
    const options = { viewport: { width, height: 900 }, colorScheme: scheme, locale: language };
    ({ page, complaints } = await product.open(options));
    page.setDefaultTimeout(30_000);
    hand = hands(page);
    await signInAs(page, product.stack, 'alice');
  });
  afterAll(() => page.context().close());
  const dialog = (name?: string) => page.getByRole('dialog', name === undefined ? {} : { name });
  return {
    t: wordsOf(language),
    get page() {
      return page;
    },
    get hand() {
      return hand;
    },
    go: async (address) => {
      await page.goto(`${product.stack.url}${address}`);
      await settled(page);
    },
    button: (name, within) => (within ?? page).getByRole('button', { name, exact: true }),
    field: (name, within) => (within ?? page).getByRole('textbox', { name }),
    box: (name, within) => (within ?? page).getByRole('combobox', { name }),
    dialog,
    closed: (of = dialog()) => of.waitFor({ state: 'detached' }),
    look: async (name) => {
      await expectSound(page, `${name} ${language}`);
      expect(complaints).toEqual([]);
    },
  };
}
