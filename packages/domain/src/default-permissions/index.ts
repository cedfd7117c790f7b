export * from './applicable.ts';
export * from './apply.ts';
export * from './change-default-permission.ts';
export * from './preview.ts';
