/** What the labels of an image ask of the tags on it. */
export interface TagLabels {
  /** Seconds from each tagging until the tag expires. */
  readonly expiresAfter: number | null;
  readonly tagsImmutable: boolean;
}

/** Quay's names are honoured beside our own: images built for it keep their meaning. */
const expiryLabels = new Set(['quay.expires-after', 'escale.expires-after']);
const immutableLabels = new Set(['quay.immutable', 'escale.immutable']);

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
/** The longest life that a label can ask for: 104 weeks. */
const longest = 104 * 604_800;

/** @param labels later ones count before earlier ones; what cannot be read asks for nothing: it never makes a push fail */
export function tagLabels(labels: Iterable<readonly [string, string]>): TagLabels {
  let expiresAfter: number | null = null;
  let tagsImmutable = false;
  for (const [name, value] of labels) {
    if (expiryLabels.has(name)) expiresAfter = parseLifetime(value) ?? expiresAfter;
    if (immutableLabels.has(name)) tagsImmutable = value.trim().toLowerCase() === 'true';
  }
  return { expiresAfter, tagsImmutable };
}

/** `90s`, `30m`, `12h`, `7d`, `2w` → seconds, at least 1. @returns undefined for anything else */
export function parseLifetime(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhdw])$/.exec(text.trim().toLowerCase()) ?? [];
  const seconds = Number(count) * (secondsOf[unit] ?? 0);
  return seconds > 0 ? Math.min(seconds, longest) : undefined;
}
