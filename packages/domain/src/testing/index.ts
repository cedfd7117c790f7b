export * from './push-test-image.ts';
