/** What the labels of an image ask of the tags on it. */
export interface TagLabels {
  /** Seconds from each tagging until the tag expires. */
  readonly expiresAfter: number | null;
  readonly tagsImmutable: boolean;
}

/**
 * Why a label does not do what its text says: it is not understood, another name of ours or Quay's says otherwise, it asks for
 * more than the longest lifetime, or immutable tags never expire.
 */
export type LabelProblemReason = 'not understood' | 'overruled' | 'too long' | 'immutable';

/** A label or annotation about tags that does not do what its text says. */
export interface LabelProblem {
  readonly name: string;
  /** As it was written, at most `shownLimit` characters. */
  readonly value: string;
  readonly reason: LabelProblemReason;
}

/** Where labels come from. An image's manifest overrides its config, for the same name without a problem. */
export interface LabelSources {
  readonly annotations: Readonly<Record<string, string>>;
  /** Of the image config. */
  readonly labels?: readonly (readonly [string, string])[] | undefined;
}

/** Our own names come first; Quay's are honoured too, because images built for it keep their meaning. */
const expiryNames = ['escale.expires-after', 'quay.expires-after'];
const immutableNames = ['escale.immutable', 'quay.immutable'];

/** Characters of a value that a problem repeats. */
const shownLimit = 200;

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
/** Seconds of the longest lifetime that a label can ask for: 104 weeks. */
const longest = 104 * 604_800;

/** Reads the labels about tags. A label never makes a push fail: one that is not understood is a problem and asks for nothing. */
export function readTagLabels(sources: LabelSources): TagLabels & { readonly problems: readonly LabelProblem[] } {
  const expiry = settle(labelled(sources, expiryNames), parseLifetime);
  const immutable = settle(labelled(sources, immutableNames), parseFlag);
  const asked = expiry.chosen?.value ?? null;
  const tagsImmutable = immutable.chosen?.value ?? false;
  const problems = [...expiry.problems, ...immutable.problems];
  if (expiry.chosen && tagsImmutable) problems.push(problemOf(expiry.chosen, 'immutable'));
  else if (expiry.chosen && expiry.chosen.value > longest) problems.push(problemOf(expiry.chosen, 'too long'));
  return { expiresAfter: asked === null ? null : Math.min(asked, longest), tagsImmutable, problems };
}

/** One line for the person who pushed the image. */
export function labelProblemText({ name, value, reason }: LabelProblem): string {
  const label = `the label ${name}="${value}"`;
  switch (reason) {
    case 'not understood':
      return `${label} is not understood and has no effect; ${expectedOf(name)}`;
    case 'overruled':
      return `${label} has no effect: another label of this image says otherwise and comes first`;
    case 'too long':
      return `${label} asks for more than the longest lifetime; the tags of this image expire after 104 weeks`;
    case 'immutable':
      return `${label} has no effect: this image asks for immutable tags, which never expire`;
  }
}

function expectedOf(name: string): string {
  return expiryNames.includes(name)
    ? 'write a whole number and one of s, m (minutes), h, d or w, such as 12h'
    : 'write true or false';
}

interface Labelled {
  readonly name: string;
  readonly text: string;
}

/** Every label of these names, the one that comes first before the others. */
function labelled({ annotations, labels = [] }: LabelSources, names: readonly string[]): Labelled[] {
  return [new Map(Object.entries(annotations)), new Map(labels)].flatMap((source) =>
    names.flatMap((name) => {
      const text = source.get(name);
      return text === undefined ? [] : [{ name, text }];
    }),
  );
}

/** The first label that is understood counts. A later one of another name that says something else is a problem. */
function settle<Value>(
  found: readonly Labelled[],
  parse: (text: string) => Value | undefined,
): { chosen: (Labelled & { value: Value }) | undefined; problems: LabelProblem[] } {
  let chosen: (Labelled & { value: Value }) | undefined;
  const problems: LabelProblem[] = [];
  for (const label of found) {
    const value = parse(label.text);
    if (value === undefined) problems.push(problemOf(label, 'not understood'));
    else if (!chosen) chosen = { ...label, value };
    else if (label.name !== chosen.name && value !== chosen.value) problems.push(problemOf(label, 'overruled'));
  }
  return { chosen, problems };
}

function problemOf({ name, text }: Labelled, reason: LabelProblemReason): LabelProblem {
  return { name, value: text.slice(0, shownLimit).toWellFormed(), reason };
}

/**
 * `90s`, `30m` (minutes), `12h`, `7d`, `2w` → seconds, at least 1. The units are Quay's: there is none for months or years, so
 * `3M` and `1y` are not understood.
 * @returns undefined for anything else
 */
export function parseLifetime(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhdw])$/.exec(text.trim()) ?? [];
  const seconds = Number(count) * (secondsOf[unit] ?? 0);
  return seconds > 0 ? seconds : undefined;
}

/** @returns undefined for what is neither `true` nor `false`, in any letter case */
function parseFlag(text: string): boolean | undefined {
  const folded = text.trim().toLowerCase();
  if (folded === 'true') return true;
  return folded === 'false' ? false : undefined;
}
