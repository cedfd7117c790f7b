/** Where the focus was last in the page itself; dialogs, menus and lists of options lie over it, outside the element of the app. */
let place: HTMLElement | undefined;

document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLElement && target.closest('#app')) place = target;
});

/** Milliseconds in which a dialog has faded out, and in which the library has then put the focus where it thinks right. */
const fading = 2000;
const settling = 300;

/**
 * Once no dialog is open any more: if the focus is nowhere, it goes back to where it was. A dialog does so itself, but not where it
 * was opened by an item of a menu, which is gone by then; a menu does so even where what its item led to has the focus already.
 */
export function giveFocusBack(): void {
  const closed = performance.now();
  let gone: number | undefined;
  const look = (now: number) => {
    const isOpen = document.querySelector('[role=dialog]') !== null;
    if (isOpen && gone !== undefined) return;
    if (!isOpen) gone ??= now;
    const active = document.activeElement;
    if (!isOpen && (active === null || active === document.body)) whereItWas()?.focus();
    else if (!isOpen && active?.closest('#app')) return;
    if (now - (gone ?? closed) < (isOpen ? fading : settling)) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** The element, or the one that has taken its place and has its name. */
function whereItWas(): HTMLElement | undefined {
  if (place?.isConnected) return place;
  const name = place?.getAttribute('aria-label');
  if (typeof name !== 'string') return undefined;
  return [...document.querySelectorAll<HTMLElement>('#app [aria-label]')].find(
    (element) => element.getAttribute('aria-label') === name,
  );
}
