/** The annotation by which a publisher says that an image or an index should not be used any more, and what to use instead. */
export const deprecationKey = 'escale.deprecated';

/** @returns what a manifest's publisher says against using it, empty where no reason is given; undefined where it says nothing */
export function deprecationIn(annotations: Readonly<Record<string, string>>): string | undefined {
  return Object.hasOwn(annotations, deprecationKey) ? annotations[deprecationKey] : undefined;
}
