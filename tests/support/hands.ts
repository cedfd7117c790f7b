import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Ways to use a page: with the mouse, or with the keyboard alone. A flow is written once and must pass with both. */
export interface Hands {
  press(target: Locator): Promise<void>;
  fill(target: Locator, text: string): Promise<void>;
  tick(target: Locator): Promise<void>;
  /** Ticks with the shift key: all between the one ticked last and this one. */
  tickUpTo(target: Locator): Promise<void>;
  /** Opens a menu and presses one of its items. */
  menu(button: Locator, item: string): Promise<void>;
  /** Opens a select and takes an option. */
  select(box: Locator, option: string): Promise<void>;
  radio(target: Locator): Promise<void>;
  tab(target: Locator): Promise<void>;
  /** Types into a box that offers what it finds, and takes the offer. */
  find(box: Locator, text: string, offer: string): Promise<void>;
}

export function mouse(page: Page): Hands {
  const option = (name: string) => page.getByRole('option', { name: startingWith(name) }).first();
  return {
    press: (target) => target.click(),
    fill: (target, text) => target.fill(text),
    tick: (target) => target.click(),
    tickUpTo: (target) => target.click({ modifiers: ['Shift'] }),
    menu: async (button, item) => {
      await button.click();
      await page.getByRole('menuitem', { name: item }).click();
    },
    select: async (box, name) => {
      await box.click();
      await option(name).click();
    },
    radio: (target) => target.click(),
    tab: (target) => target.click(),
    find: async (box, text, offer) => {
      await box.click();
      await box.pressSequentially(text);
      await option(offer).click();
    },
  };
}

/** Steps with one key until a target has the focus, or is what the focus speaks of. */
const mostSteps = 200;
/** Milliseconds in which a list has moved its mark. */
const longestMove = 250;

export function keyboard(page: Page): Hands {
  const option = (name: string) => page.getByRole('option', { name: startingWith(name) }).first();

  async function reach(target: Locator, key = 'Tab'): Promise<void> {
    await target.waitFor();
    // Nothing leads to what cannot be used yet.
    await expect.poll(() => target.isEnabled()).toBe(true);
    for (let step = 0; step < mostSteps; step += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press(key);
    }
    throw new Error(`${key} does not lead to ${target.toString()}`);
  }

  /** Lists keep the focus and mark the option that Enter would take; they open at the one that holds, so it goes both ways. */
  async function mark(target: Locator): Promise<void> {
    await target.waitFor();
    for (const key of ['ArrowDown', 'ArrowUp']) {
      for (let step = 0; step < mostSteps / 2; step += 1) {
        if (await target.evaluate((element) => element.hasAttribute('data-highlighted'))) return;
        await pressAndSee(key);
      }
    }
    throw new Error(`the arrows do not lead to ${target.toString()}`);
  }

  /** Presses a key that moves the mark, and waits until it has: a list takes some frames, and people see that it has moved. */
  async function pressAndSee(key: string): Promise<void> {
    const before = await page.evaluateHandle(() => document.querySelector('[data-highlighted]'));
    await page.keyboard.press(key);
    await before.evaluate(async (marked, milliseconds) => {
      const end = performance.now() + milliseconds;
      // At the end of a list nothing moves.
      while (document.querySelector('[data-highlighted]') === marked && performance.now() < end)
        await new Promise(requestAnimationFrame);
    }, longestMove);
    await before.dispose();
  }

  return {
    press: async (target) => {
      await reach(target);
      await page.keyboard.press('Enter');
    },
    fill: async (target, text) => {
      await reach(target);
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.press('Delete');
      await page.keyboard.type(text);
    },
    tick: async (target) => {
      await reach(target);
      await page.keyboard.press('Space');
    },
    tickUpTo: async (target) => {
      await reach(target);
      await page.keyboard.press('Shift+Space');
    },
    menu: async (button, item) => {
      await reach(button);
      await page.keyboard.press('Enter');
      await mark(page.getByRole('menuitem', { name: item }));
      await page.keyboard.press('Enter');
    },
    select: async (box, name) => {
      await reach(box);
      await page.keyboard.press('Enter');
      await option(name).waitFor();
      // It opens at what is chosen.
      await page.locator('[role=option][data-highlighted]').waitFor();
      await pressAndSee('Home');
      await mark(option(name));
      await page.keyboard.press('Enter');
    },
    radio: async (target) => {
      const group = page.getByRole('radio', { checked: true });
      await reach(group.first());
      await reach(target, 'ArrowDown');
      if (!(await target.isChecked())) await page.keyboard.press('Space');
    },
    tab: async (target) => {
      await reach(page.getByRole('tab', { selected: true }));
      await reach(target, 'ArrowRight');
      await page.keyboard.press('Enter');
    },
    find: async (box, text, offer) => {
      await reach(box);
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(text);
      await mark(option(offer));
      await page.keyboard.press('Enter');
    },
  };
}

/** A dialog holds the focus while it is open; Escape closes it and gives the focus back to what opened it. */
export async function expectHeldFocus(page: Page, dialog: Locator, opener: Locator): Promise<void> {
  await dialog.waitFor();
  const isInside = () => dialog.evaluate((element) => element.contains(document.activeElement));
  await expect.poll(isInside).toBe(true);
  // More steps than a dialog of ours has places to stop at, in both directions.
  for (const key of ['Tab', 'Shift+Tab']) {
    for (let step = 0; step < 12; step += 1) {
      await page.keyboard.press(key);
      expect(await isInside()).toBe(true);
    }
  }
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(() => opener.evaluate((element) => element === document.activeElement)).toBe(true);
}

function startingWith(name: string): RegExp {
  return new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
}
