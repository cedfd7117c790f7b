/** Somewhere to go at once: in the command palette, and by the keys. */
export interface Place {
  /** Pressed one after the other. */
  readonly keys: string;
  /** Key of its text. */
  readonly text: string;
  readonly icon: string;
  readonly to: string;
}

const places: readonly Place[] = [
  { keys: 'g h', text: 'home.title', icon: 'i-lucide-house', to: '/' },
  { keys: 'g f', text: 'search.title', icon: 'i-lucide-search', to: '/search' },
  { keys: 'g s', text: 'settings.title', icon: 'i-lucide-settings', to: '/settings' },
  { keys: 'n o', text: 'organization.new', icon: 'i-lucide-building-2', to: '/new/organization' },
  { keys: 'n r', text: 'repositories.new', icon: 'i-lucide-package', to: '/new/repository' },
  { keys: 'n t', text: 'shortcuts.newToken', icon: 'i-lucide-key-round', to: '/settings/tokens?new=1' },
];
const administration: Place = { keys: 'g a', text: 'admin.title', icon: 'i-lucide-shield', to: '/admin' };

export function placesFor(viewer: { readonly isAdministrator: boolean | null } | undefined): readonly Place[] {
  return viewer?.isAdministrator ? [...places, administration] : places;
}
