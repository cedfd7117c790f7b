import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, open, readdir, rename, rm, unlink, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A folder that this process holds alone. */
export interface FolderLock {
  release(): Promise<void>;
}

/** Bytes of the longest path that a Unix socket may have on every system of ours. */
const pathLimit = 103;
/** Characters of the longest answer of a holder: `claiming`, a space and a process id. */
const answerLimit = 32;
/** Milliseconds. */
const patience = { answer: 1000, unclear: 2000, claim: 10_000, draft: 24 * 60 * 60 * 1000 };

/** How the name of a socket begins on which nobody listens yet. */
const draftPrefix = 'new-';

/**
 * Locks a folder by a listening socket, which ends with the process however that ends. Sockets lie in a folder that only our user
 * can enter (0700), so nobody else can take the lock or answer for its holder.
 *
 * Each process makes a random name known first, under which it listens already, and then reads who else does. A name under which
 * nobody listens never comes back, so it can be removed without a race. Of two that claim at the same time the lower name wins; the
 * other one gives up.
 * @returns the id of the process that holds it, or `unknown`, when another one does
 */
export async function lockFolder(folder: string): Promise<FolderLock | { readonly heldBy: string }> {
  const place = path.join(folder, '.lock');
  await removeOldLock(place);
  await mkdir(place, { recursive: true, mode: 0o700 });
  await chmod(place, 0o700);
  const reach = await reachOf(place);
  const name = randomBytes(12).toString('hex');
  const lock = new Lock(name, reach);
  try {
    await lock.listen();
    const heldBy = await holder(place, reach, name);
    if (heldBy === undefined) {
      lock.held = true;
      return { release: () => lock.release() };
    }
    await lock.release();
    return { heldBy };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** How a socket in a folder is addressed, whatever the length of the folder's path. */
interface Reach {
  address(name: string): string;
  close(): Promise<void>;
}

async function reachOf(place: string): Promise<Reach> {
  const direct = (name: string) => path.join(place, name);
  if (Buffer.byteLength(direct(`${draftPrefix}${'0'.repeat(24)}`)) <= pathLimit || process.platform !== 'linux')
    return { address: direct, close: () => Promise.resolve() };
  const handle: FileHandle = await open(place, 'r');
  return { address: (name) => `/proc/self/fd/${String(handle.fd)}/${name}`, close: () => handle.close() };
}

class Lock {
  held = false;
  readonly #name: string;
  readonly #reach: Reach;
  readonly #server: Server;

  constructor(name: string, reach: Reach) {
    this.#name = name;
    this.#reach = reach;
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(`${this.held ? 'held' : 'claiming'} ${String(process.pid)}`);
    });
    this.#server.unref();
  }

  /** The name appears when somebody listens: between binding a socket and listening it would look abandoned. */
  async listen(): Promise<void> {
    const draft = this.#reach.address(`${draftPrefix}${this.#name}`);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(draft, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    await rename(draft, this.#reach.address(this.#name));
  }

  async release(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    await rm(this.#reach.address(this.#name), { force: true });
    await this.#reach.close();
  }
}

/** Who else holds the folder, or will: undefined when nobody does. */
async function holder(place: string, reach: Reach, own: string): Promise<string | undefined> {
  const begun = Date.now();
  const beyond = (milliseconds: number) => Date.now() - begun > milliseconds;
  for (;;) {
    let waits = false;
    for (const name of await readdir(place)) {
      if (name === own) continue;
      if (name.startsWith(draftPrefix)) {
        await removeAbandoned(path.join(place, name));
        continue;
      }
      const { state, pid } = await ask(reach.address(name));
      if (state === 'gone') await rm(path.join(place, name), { force: true });
      else if (state === 'held') return pid;
      else if (state === 'claiming' && (name < own || beyond(patience.claim))) return pid;
      // It may be giving up at this moment.
      else if (state === 'unclear' && beyond(patience.unclear)) return pid;
      else waits = true;
    }
    if (!waits) return undefined;
    await sleep(20);
  }
}

interface Answer {
  /** `gone` when nobody listens there any more, `unclear` when the answer was cut short or has other words. */
  readonly state: 'held' | 'claiming' | 'unclear' | 'gone';
  /** A number, or `unknown`: other words are not repeated to a person. */
  readonly pid: string;
}

function ask(address: string): Promise<Answer> {
  return new Promise((resolve) => {
    let text = '';
    let refused = false;
    const socket = connect(address);
    socket.setTimeout(patience.answer, () => socket.destroy());
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.length > answerLimit) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      refused = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
    });
    socket.on('close', () => {
      const [, state, pid = 'unknown'] = /^(held|claiming) (\d{1,10})$/.exec(text) ?? [];
      if (refused) resolve({ state: 'gone', pid });
      else resolve({ state: state === 'held' || state === 'claiming' ? state : 'unclear', pid });
    });
  });
}

/** A draft lives for a moment: one of yesterday belongs to a process that was killed in that moment. */
async function removeAbandoned(draft: string): Promise<void> {
  const found = await lstat(draft).catch(() => undefined);
  if (found && Date.now() - found.mtimeMs > patience.draft) await rm(draft, { force: true });
}

/** Earlier versions kept a socket of this name on systems other than Linux. (`rm` would remove a folder made meanwhile.) */
async function removeOldLock(place: string): Promise<void> {
  await unlink(place).catch(() => undefined);
}
