export * from './claim-upload.ts';
export * from './close-upload.ts';
export * from './open-upload.ts';
