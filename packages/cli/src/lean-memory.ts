/** The young generation of the heap, in MiB. Node would let it grow to 128 on a large machine, for a few per cent of speed. */
const youngGeneration = '--max-semi-space-size';
const mebibytes = 16;

/** By how many per cent the old generation may grow between two collections of the whole heap; V8 would let it grow fourfold. */
const growth = '--heap-growing-percent=60';

/** Pools of the C library's allocator. It makes eight for each processor, and what is freed in one is of no use to another. */
const arenas = 'MALLOC_ARENA_MAX';

/**
 * Begins this process anew with settings that are only read when a process begins: a server that lives in bursts of uploads
 * then holds some 100 MB less. The process keeps its number, its pipes and its arguments. Does nothing where
 * somebody has chosen the settings already, or Node cannot do it (before 23.11, on Windows): then it works with more memory.
 */
export function beginLean(node: NodeJS.Process): void {
  const { execArgv, argv, env, execPath } = node;
  const chosen = [...execArgv, env['NODE_OPTIONS'] ?? ''].some((flags) => flags.includes(youngGeneration));
  if (chosen || env[arenas] !== undefined || typeof node.execve !== 'function') return;
  const flags = [...execArgv, `${youngGeneration}=${String(mebibytes)}`, growth];
  node.execve(execPath, [execPath, ...flags, ...argv.slice(1)], { ...env, [arenas]: '2' });
}
