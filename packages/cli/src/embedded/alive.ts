import { readFileSync } from 'node:fs';

/** A zombie counts as dead: in a container nobody may ever collect it. */
export function alive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const status = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return !/^\d+ \(.*\) Z/.test(status);
  } catch {
    return process.platform !== 'linux';
  }
}
