export * from './create-repository.ts';
export * from './find-repository.ts';
export * from './set-permission.ts';
export * from './set-visibility.ts';
