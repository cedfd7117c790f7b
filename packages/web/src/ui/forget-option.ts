import { onScopeDispose, watch } from 'vue';

/**
 * The component library lets a box point at an option (`aria-activedescendant`) of a list that is closed and gone, which
 * misleads a screen reader. A closed box points at nothing.
 */
export function useForgetOption(input: () => HTMLInputElement | undefined): void {
  const pointing = 'aria-activedescendant';
  const observer = new MutationObserver(() => {
    const box = input();
    if (box?.getAttribute('aria-expanded') === 'false') box.removeAttribute(pointing);
  });
  watch(input, (box) => {
    observer.disconnect();
    if (box) observer.observe(box, { attributeFilter: [pointing, 'aria-expanded'] });
  });
  onScopeDispose(() => observer.disconnect());
}
