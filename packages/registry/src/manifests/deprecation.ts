/** The annotation by which a publisher says that an image or an index should not be used any more, and what to use instead. */
export const deprecationKey = 'escale.deprecated';

const mark = `"${deprecationKey}"`;

/**
 * @param payload of a manifest that has passed the gate
 * @returns what its publisher says; undefined for nearly all, which are not even parsed
 */
export function deprecationOf(payload: string): string | undefined {
  if (!payload.includes(mark)) return undefined;
  const { annotations } = JSON.parse(payload) as { annotations?: Readonly<Record<string, string>> };
  return annotations && Object.hasOwn(annotations, deprecationKey) ? annotations[deprecationKey] : undefined;
}
