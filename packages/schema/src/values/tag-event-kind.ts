/** What can happen to a tag. `set`: made without a push. */
export const tagEventKinds = [
  ...(['pushed', 'set', 'moved', 'deleted', 'expired', 'restored'] as const),
  ...(['expiry_set', 'made_immutable', 'made_mutable'] as const),
] as const;
export type TagEventKind = (typeof tagEventKinds)[number];
