import { deprecationIn, deprecationKey } from '@escale/schema/values';

const mark = `"${deprecationKey}"`;

/**
 * @param payload of a manifest that has passed the gate
 * @returns what its publisher says; undefined for nearly all, which are not even parsed
 */
export function deprecationOf(payload: string): string | undefined {
  if (!payload.includes(mark)) return undefined;
  return deprecationIn((JSON.parse(payload) as { annotations?: Readonly<Record<string, string>> }).annotations ?? {});
}
