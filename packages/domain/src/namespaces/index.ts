export * from './create-organization.ts';
export * from './list-organizations.ts';
export * from './namespace-name.ts';
export * from './find-organization.ts';
