export { allowsGroup } from './allowed-groups.ts';
export * from './apply-groups.ts';
export * from './directory.ts';
export * from './follow-groups.ts';
