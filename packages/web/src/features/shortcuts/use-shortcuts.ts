import { useEventListener } from '@vueuse/core';
import { ref } from 'vue';
import { useRouter } from 'vue-router';
import { viewer } from '../../auth/session.ts';
import { placesFor } from './places.ts';

const key = 'escale-single-keys';

/** Whether single letters do something: who speaks to the computer, or mistypes, turns it off. */
export const singleKeys = ref(localStorage.getItem(key) !== 'off');

export function setSingleKeys(on: boolean): void {
  singleKeys.value = on;
  localStorage.setItem(key, on ? 'on' : 'off');
}

/** Milliseconds in which the second key of a pair has to follow. */
const patience = 1500;

/** Listens for the keys of the whole console. Single ones do nothing while one types, or while a dialog is open. */
export function useShortcuts({ palette, help }: { palette: () => void; help: () => void }): void {
  const router = useRouter();
  let before = '';
  let pressedAt = 0;

  useEventListener(window, 'keydown', (event: KeyboardEvent) => {
    if (!viewer.value) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      palette();
      return;
    }
    if (!singleKeys.value || isCommand || event.altKey || isTaken(event.target)) return;
    const pair = event.timeStamp - pressedAt < patience ? `${before} ${event.key}` : event.key;
    before = event.key;
    pressedAt = event.timeStamp;
    const place = placesFor(viewer.value).find(({ keys }) => keys === pair);
    if (place) void router.push(place.to);
    else if (event.key === '?') help();
    else if (event.key === '/') focusSearch(palette);
    else return;
    before = '';
    event.preventDefault();
  });
}

function isTaken(target: EventTarget | null): boolean {
  if (document.querySelector('[role=dialog], [role=menu], [role=listbox]')) return true;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** The search of the page at hand, or the one of everything. */
function focusSearch(otherwise: () => void): void {
  const field = document.querySelector<HTMLInputElement>('main input[type=search]');
  if (field) field.focus();
  else otherwise();
}
