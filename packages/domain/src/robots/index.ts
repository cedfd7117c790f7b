export * from './create-robot.ts';
export * from './find-robot.ts';
export * from './reveal-robot-token.ts';
