import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { SigningKey } from '@escale/schema/entities';
import type { Orm } from '@escale/schema/orm';
import type { Vault } from '@escale/domain/credentials';

/** Held while the first key is made, so that processes which start together make one. */
const signingKeyLock = 7_305_811_404;
/** An unknown key id makes us look again at most this often, in milliseconds: a forger must not load the database. */
const reloadPause = 10_000;

/** The ES256 keys of registry tokens: one signs, all of them verify. Shared by all processes over one database (S10). */
export class SigningKeys {
  readonly #orm: Orm;
  readonly #vault: Vault;
  readonly #public = new Map<string, CryptoKey>();
  #signing: { id: string; key: CryptoKey } | undefined;
  #loadedAt = 0;

  constructor(orm: Orm, vault: Vault) {
    this.#orm = orm;
    this.#vault = vault;
  }

  /** The key that signs now; made when the database has none. */
  async signing(): Promise<{ id: string; key: CryptoKey }> {
    if (!this.#signing) await this.#load();
    return this.#signing ?? this.#create();
  }

  /** Whether tokens of this key are still good. */
  holds(id: string): boolean {
    return this.#public.has(id);
  }

  /** @returns undefined for an id that no key has */
  async verifying(id: string): Promise<CryptoKey | undefined> {
    if (!this.#public.has(id) && Date.now() - this.#loadedAt > reloadPause) await this.#load();
    return this.#public.get(id);
  }

  async #load(): Promise<void> {
    this.#loadedAt = Date.now();
    const rows = await this.#orm.em.fork().find(SigningKey, {}, { orderBy: { createdAt: 'desc' } });
    for (const row of rows) this.#public.set(row.id, await asKey(row.publicJwk));
    const newest = rows[0];
    if (!newest) return;
    const jwk = JSON.parse(this.#vault.open(newest.sealedJwk, `signing_keys:${newest.id}:sealed_jwk`)) as JWK;
    this.#signing = { id: newest.id, key: await asKey(jwk) };
  }

  async #create(): Promise<{ id: string; key: CryptoKey }> {
    await this.#orm.em.fork().transactional(async (em) => {
      await em.execute('select pg_advisory_xact_lock(?)', [signingKeyLock]);
      if ((await em.count(SigningKey)) > 0) return;
      const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
      const publicJwk = await exportJWK(publicKey);
      const id = await calculateJwkThumbprint(publicJwk);
      const secret = JSON.stringify(await exportJWK(privateKey));
      const sealedJwk = this.#vault.seal(secret, `signing_keys:${id}:sealed_jwk`);
      em.create(SigningKey, { id, publicJwk: { ...publicJwk }, sealedJwk });
    });
    await this.#load();
    if (!this.#signing) throw new Error('a signing key was saved and is not there');
    return this.#signing;
  }
}

async function asKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, 'ES256');
  if (key instanceof Uint8Array) throw new Error('a signing key must be an elliptic-curve key');
  return key;
}
