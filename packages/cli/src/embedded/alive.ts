import { readFileSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';

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

/** Whether a process runs as a user. Where the system does not tell, it is believed. */
export function runsAs(pid: number, uid: number | undefined): boolean {
  if (uid === undefined || process.platform !== 'linux') return true;
  try {
    return statSync(`/proc/${String(pid)}`).uid === uid;
  } catch {
    return false;
  }
}

/** The id of the Node process that started another one and still runs; undefined where there is none, or nothing tells. */
export function nodeAbove(pid: number): number | undefined {
  try {
    const [, parent = ''] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${String(pid)}/stat`, 'utf8')) ?? [];
    const program = path.basename(readlinkSync(`/proc/${parent}/exe`));
    return program.startsWith('node') && alive(Number(parent)) ? Number(parent) : undefined;
  } catch {
    return undefined;
  }
}
