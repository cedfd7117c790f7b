import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { SigningKey } from '@escale/schema/entities';
import { advisoryLock, type EntityManager, type Orm } from '@escale/schema/orm';
import type { Vault } from '@escale/domain/credentials';
import { inTransaction } from '@escale/domain/in-transaction';
import { clockSkew, tokenLifetime } from './token-lifetime.ts';

/** Milliseconds after which keys are looked up again: what another process has done is known here by then. */
const reloadAfter = 60_000;
/** An unknown key id makes us look again at most this often, in milliseconds: a forger must not load the database. */
const reloadPause = 10_000;
/** A key signs for 90 days. */
const rotateAfter = 90 * 24 * 60 * 60 * 1000;
/** A key is known everywhere this long before it signs, and accepted this long after its successor does. Milliseconds. */
const overlap = (tokenLifetime + clockSkew) * 1000;

/** next: published, not yet signing; active: signs; retiring: its last tokens are still good; gone: refused and removed. */
export type KeyState = 'next' | 'active' | 'retiring' | 'gone';

interface HeldKey {
  readonly id: string;
  readonly activeFrom: number;
  readonly publicKey: CryptoKey;
  /** Absent when this process cannot open it: it was sealed with a secret key that is no longer accepted. */
  readonly privateKey: CryptoKey | undefined;
}

/** State of each key at a moment, from the times of all of them. @param keys in the order in which they become active */
export function keyStates(keys: readonly { readonly activeFrom: number }[], now: number): KeyState[] {
  return keys.map(({ activeFrom }, index) => {
    const successor = keys[index + 1]?.activeFrom ?? Infinity;
    if (activeFrom > now) return 'next';
    if (successor > now) return 'active';
    return successor + overlap > now ? 'retiring' : 'gone';
  });
}

/** The ES256 keys of registry tokens: one signs, those before and after it verify. Shared by all processes over one database (S10). */
export class SigningKeys {
  readonly #orm: Orm;
  readonly #vault: Vault;
  readonly #now: () => number;
  #keys: readonly HeldKey[] = [];
  #loadedAt = -Infinity;
  #loading: Promise<void> | undefined;

  constructor(orm: Orm, vault: Vault, now: () => number = Date.now) {
    this.#orm = orm;
    this.#vault = vault;
    this.#now = now;
  }

  /** The key that signs now; made when there is none, and its successor when it grows old. */
  async signing(): Promise<{ id: string; key: CryptoKey }> {
    if (this.#now() - this.#loadedAt > reloadAfter) await this.#load();
    const active = this.#inState('active').at(-1);
    const old = active !== undefined && active.activeFrom + rotateAfter <= this.#now();
    if (!active?.privateKey) await this.#make(() => this.#now());
    else if (old && this.#inState('next').length === 0) await this.rotate();
    const { id, privateKey } = this.#inState('active').at(-1) ?? {};
    if (id === undefined || !privateKey) throw new Error('a signing key was saved and is not there');
    return { id, key: privateKey };
  }

  /** Whether tokens of this key are still good, by what was last looked up; that is never older than `reloadAfter` for long. */
  holds(id: string): boolean {
    if (this.#now() - this.#loadedAt > reloadAfter && this.#keys.length > 0) this.#refresh();
    const index = this.#keys.findIndex((key) => key.id === id);
    return index >= 0 && keyStates(this.#keys, this.#now())[index] !== 'gone';
  }

  /** @returns undefined for an id that no key has, or none any more */
  async verifying(id: string): Promise<CryptoKey | undefined> {
    const age = this.#now() - this.#loadedAt;
    if (age > reloadAfter || (age > reloadPause && !this.holds(id))) await this.#load();
    return this.holds(id) ? this.#keys.find((key) => key.id === id)?.publicKey : undefined;
  }

  /** Publishes the next key, which takes over when every process knows it. */
  async rotate(): Promise<void> {
    await this.#make(() => this.#now() + overlap);
  }

  #inState(wanted: KeyState): HeldKey[] {
    const states = keyStates(this.#keys, this.#now());
    return this.#keys.filter((_key, index) => states[index] === wanted);
  }

  /** Looks again without making anybody wait; a database that is away leaves what we know. */
  #refresh(): void {
    this.#load().catch(() => {
      this.#loadedAt = this.#now() - reloadAfter + reloadPause;
    });
  }

  async #load(): Promise<void> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #read(): Promise<void> {
    const rows = await this.#orm.em.fork().find(SigningKey, {}, { orderBy: { activeFrom: 'asc', id: 'asc' } });
    this.#keys = await Promise.all(rows.map((row) => this.#hold(row)));
    this.#loadedAt = this.#now();
  }

  async #hold({ id, publicJwk, sealedJwk, activeFrom }: SigningKey): Promise<HeldKey> {
    const known = this.#keys.find((key) => key.id === id);
    if (known) return known;
    const boundTo = boundToRow(id);
    const opens = this.#vault.sealedWith(sealedJwk, boundTo) !== undefined;
    return {
      id,
      activeFrom: activeFrom.getTime(),
      publicKey: await asKey(publicJwk),
      privateKey: opens ? await asKey(JSON.parse(this.#vault.open(sealedJwk, boundTo)) as JWK) : undefined,
    };
  }

  /** Adds a key unless another process has just done so, and removes what is gone. */
  async #make(activeFrom: () => number): Promise<void> {
    const known = new Set(this.#keys.map(({ id }) => id));
    await inTransaction({ em: this.#orm.em.fork() }, async ({ em }) => {
      // Processes that find one missing at the same moment make one.
      await em.execute('select pg_advisory_xact_lock(?)', [advisoryLock('signing keys')]);
      const rows = await em.find(SigningKey, {}, { orderBy: { activeFrom: 'asc', id: 'asc' } });
      if (rows.some(({ id }) => !known.has(id))) return;
      await this.#add(em, new Date(activeFrom()));
      const states = keyStates(
        rows.map((row) => ({ activeFrom: row.activeFrom.getTime() })),
        this.#now(),
      );
      for (const [index, row] of rows.entries()) if (states[index] === 'gone') em.remove(row);
    });
    await this.#load();
  }

  async #add(em: EntityManager, activeFrom: Date): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const publicJwk = await exportJWK(publicKey);
    const id = await calculateJwkThumbprint(publicJwk);
    const sealedJwk = this.#vault.seal(JSON.stringify(await exportJWK(privateKey)), boundToRow(id));
    em.create(SigningKey, { id, publicJwk: { ...publicJwk }, sealedJwk, activeFrom });
  }
}

const boundToRow = (id: string): string => `signing_keys:${id}:sealed_jwk`;

async function asKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, 'ES256');
  if (key instanceof Uint8Array) throw new Error('a signing key must be an elliptic-curve key');
  return key;
}
