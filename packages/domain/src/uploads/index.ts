export * from './announce-upload.ts';
export * from './claim-upload.ts';
export * from './close-upload.ts';
export * from './completed-before.ts';
export * from './open-upload.ts';
export * from './upload-limits.ts';
export * from './upload-writers.ts';
