/** What can be done with tags. */
export type TagAct = 'set' | 'expiry' | 'immutable' | 'mutable' | 'delete';
