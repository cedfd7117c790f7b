import { onScopeDispose, type Ref } from 'vue';
import { useRoute } from 'vue-router';

const key = 'escale-kept-form';

type Fields = Readonly<Record<string, Ref>>;

interface Kept {
  /** The page on which it was typed. */
  readonly at: string;
  readonly forms: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The forms on the screen. */
const forms = new Map<string, Fields>();

/**
 * What is typed into a form survives when a lost session, or one that is too old, leads to sign-in and back: it is filled in as it was.
 * @param name of the form, unique on its page
 * @param fields nothing secret
 */
export function useKept(name: string, fields: Fields): void {
  const kept = read();
  if (kept?.at === useRoute().fullPath && kept.forms[name]) {
    for (const [field, value] of Object.entries(kept.forms[name])) {
      const target = fields[field];
      if (target) target.value = value;
    }
    const others = Object.entries(kept.forms).filter(([other]) => other !== name);
    write({ at: kept.at, forms: Object.fromEntries(others) });
  }
  forms.set(name, fields);
  onScopeDispose(() => forms.delete(name));
}

/** Keeps what stands in the forms of this page until it is opened again, in this window. */
export function keepForms(at: string): void {
  if (forms.size === 0) return;
  const values = Object.fromEntries(
    [...forms].map(([name, fields]) => [
      name,
      Object.fromEntries(Object.entries(fields).map(([field, { value }]) => [field, value as unknown])),
    ]),
  );
  write({ at, forms: values });
}

/** Signing out leaves nothing of it behind. */
export function forgetForms(): void {
  sessionStorage.removeItem(key);
}

function write(kept: Kept): void {
  if (Object.keys(kept.forms).length === 0) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify(kept));
}

function read(): Kept | undefined {
  const text = sessionStorage.getItem(key);
  return text === null ? undefined : (JSON.parse(text) as Kept);
}
