import { computed } from 'vue';
import { createI18n } from 'vue-i18n';
import { unbroken } from './unbroken.ts';

export type Language = 'en' | 'fr';
const key = 'escale-language';

/** Only the language that is used is loaded; each is complete. */
const catalogues = { en: () => import('./en.json'), fr: () => import('./fr.json') } as const;

/** Nothing and one are singular in French, where a text has two forms. */
const french = (count: number, forms: number): number => (forms === 2 ? Number(count > 1) : Math.min(count, forms - 1));

export const i18n = createI18n({ legacy: false, locale: preferred(), messages: {}, pluralRules: { fr: french } });

/** Has to be there before the first page is shown. */
export async function loadLanguage(chosen: Language): Promise<void> {
  i18n.global.setLocaleMessage(chosen, unbroken((await catalogues[chosen]()).default));
}

export const language = computed<Language>({
  get: () => i18n.global.locale.value as Language,
  set: (chosen) => {
    localStorage.setItem(key, chosen);
    void loadLanguage(chosen).then(() => {
      i18n.global.locale.value = chosen;
      document.documentElement.lang = chosen;
    });
  },
});
document.documentElement.lang = language.value;

/** What was chosen here before, else what the browser prefers. */
function preferred(): Language {
  const chosen = localStorage.getItem(key) ?? navigator.language;
  return chosen.startsWith('fr') ? 'fr' : 'en';
}

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** Making a format takes far longer than using it, and a table uses some hundred times the same. */
const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function formatOf<Format extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat, Options>(
  kind: new (language: string, options: Options) => Format,
  options: Options,
): Format {
  const key = `${kind.name} ${language.value} ${JSON.stringify(options)}`;
  const known = made.get(key);
  if (known instanceof kind) return known;
  const format = new kind(language.value, options);
  made.set(key, format);
  return format;
}

/** `5 minutes ago`, in the chosen language. */
export function relativeTime(iso: string): string {
  const seconds = (new Date(iso).getTime() - Date.now()) / 1000;
  const [unit, length] = steps.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return formatOf(Intl.RelativeTimeFormat, { numeric: 'auto' }).format(Math.round(seconds / length), unit);
}

export function exactTime(iso: string): string {
  return formatOf(Intl.DateTimeFormat, { dateStyle: 'full', timeStyle: 'medium' }).format(new Date(iso));
}

/** `Tuesday, 24 November 2026`: a heading over what happened on a day. */
export function longDay(iso: string): string {
  return formatOf(Intl.DateTimeFormat, { dateStyle: 'full' }).format(new Date(iso));
}

/** `24 Nov`: a day that the server counts by, which is one in UTC. */
export function shortDay(day: string): string {
  const options = { day: 'numeric', month: 'short', timeZone: 'UTC' } as const;
  return formatOf(Intl.DateTimeFormat, options).format(new Date(day));
}

/** `24 Nov, 12:03:04`: a line of a log. */
export function lineTime(iso: string): string {
  const options = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  return formatOf(Intl.DateTimeFormat, options).format(new Date(iso));
}

export function wholeNumber(value: number): string {
  return formatOf(Intl.NumberFormat, {}).format(value);
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Bytes with one decimal: `48.2 MB`. */
export function byteSize(bytes: number | string): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  // Single bytes have no sign of their own in English.
  const unitDisplay = unit === 0 ? 'long' : 'short';
  const options = { style: 'unit', unit: units[unit] ?? 'byte', unitDisplay } as const;
  return formatOf(Intl.NumberFormat, { ...options, maximumFractionDigits: unit === 0 ? 0 : 1 }).format(value);
}

/** All of it: `48,213,377 bytes`. */
export function exactBytes(bytes: number | string): string {
  return inUnit(Number(bytes), 'byte');
}

const spans = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A span of time in its largest whole unit: `14 days`. */
export function duration(seconds: number): string {
  const [unit, length] = spans.find(([, size]) => seconds % size === 0) ?? ['second', 1];
  return inUnit(seconds / length, unit);
}

function inUnit(value: number, unit: string): string {
  return formatOf(Intl.NumberFormat, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}
