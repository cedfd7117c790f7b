import type { BrowserContext } from 'playwright-core';

interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly sources: readonly { node: Node | null; previousRect: DOMRectReadOnly; currentRect: DOMRectReadOnly }[];
}

declare global {
  interface Window {
    reportLayoutShift(line: string): Promise<void>;
  }
}

/**
 * Tells of everything that moves while a page comes up: from its beginning until somebody touches it. What moves later may be
 * what was asked for, and the browser takes only the next half second for that, which is short on a loaded machine.
 */
export async function reportLayoutShifts(context: BrowserContext, complaints: string[]): Promise<void> {
  await context.exposeBinding('reportLayoutShift', (_, line: string) => complaints.push(line));
  await context.addInitScript(() => {
    let isTouched = false;
    const touch = () => (isTouched = true);
    for (const kind of ['pointerdown', 'keydown', 'wheel', 'input'])
      window.addEventListener(kind, touch, { capture: true });
    const name = (node: Node | null) =>
      node instanceof Element ? `<${node.localName} class="${node.className}">` : (node?.textContent ?? 'what is gone');
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as LayoutShift[]) {
        if (isTouched) return;
        // A dialog that an address opens is as high as what it holds.
        const sources = entry.sources.filter(({ node }) => !(node instanceof Element && node.closest('[role=dialog]')));
        if (sources.length === 0) continue;
        const moved = sources.map(
          ({ node, previousRect: from, currentRect: to }) =>
            `${name(node).slice(0, 90)} from ${[from.x, from.y].join(',')} to ${[to.x, to.y].join(',')}`,
        );
        void window.reportLayoutShift(`layout shift at ${window.location.pathname}: ${moved.join('; ')}`);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}
