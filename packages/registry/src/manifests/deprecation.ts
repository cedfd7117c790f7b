/** The annotation by which a publisher says that an image or an index should not be used any more, and what to use instead. */
export const deprecationKey = 'escale.deprecated';

const mark = Buffer.from(`"${deprecationKey}"`);

/**
 * @param payload of a manifest that has passed the gate
 * @returns what its publisher says; undefined for nearly all, which are not even parsed
 */
export function deprecationOf(payload: Buffer): string | undefined {
  if (!payload.includes(mark)) return undefined;
  const { annotations } = JSON.parse(payload.toString('utf8')) as { annotations?: Readonly<Record<string, string>> };
  return annotations && Object.hasOwn(annotations, deprecationKey) ? annotations[deprecationKey] : undefined;
}
