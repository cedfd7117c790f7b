export * from './create-robot.ts';
export * from './find-robot.ts';
export * from './reveal-robot-token.ts';
export * from './change-robot.ts';
export * from './change-robot-tokens.ts';
export * from './robot-rights.ts';
