import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Daemon } from '../daemon.ts';
import type { Ran, Workplace } from '../workplace.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * How one real client is told to do each step of the journey. A step that a client does not have is absent, and empty in the table.
 * References are whole: host, repository, and tag or digest. A step that fails throws with what the client said.
 */
export interface Client {
  readonly name: string;
  /** The command that prints its version. */
  readonly version: readonly [string, ...string[]];
  /** Starts the daemon that it talks to. */
  start?(work: Workplace): Promise<Daemon>;
  login(work: Workplace, host: string, login: Login): Promise<Ran>;
  logout?(work: Workplace, host: string): Promise<unknown>;
  /** Pushes `amd64` of the workplace's layout. */
  push?(work: Workplace, target: string): Promise<unknown>;
  /** Pulls what it does not have any more. @returns the digest that it says it has */
  pull(work: Workplace, reference: string): Promise<string>;
  /** Pushes one index of images, which are in the registry already. */
  index?(work: Workplace, target: string, images: readonly string[]): Promise<unknown>;
  /** Brings an image that it has pushed into another repository. */
  mount?(work: Workplace, source: string, target: string): Promise<unknown>;
  /** Attaches something of this artifact type. */
  attach?(work: Workplace, subject: string, artifactType: string): Promise<unknown>;
  /** @returns what is attached, in the client's own words */
  discover?(work: Workplace, subject: string): Promise<string>;
  remove?(work: Workplace, reference: string): Promise<unknown>;
  /** It goes on with a download where it was cut. */
  readonly resumes?: true;
}

/** The first digest in what a client printed. */
export function digestOf(printed: string): string {
  const [digest] = /sha256:[0-9a-f]{64}/.exec(printed) ?? [];
  if (digest === undefined) throw new Error(`no digest in: ${printed}`);
  return digest;
}

/** The digest of the one image in a layout that a client has written. */
export async function onlyDigestIn(work: Workplace, layout: string): Promise<string> {
  return digestOf(await readFile(path.join(work.folder, layout, 'index.json'), 'utf8'));
}
