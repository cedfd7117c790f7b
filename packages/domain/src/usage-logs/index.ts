export * from './record.ts';
export * from './pull-log.ts';
