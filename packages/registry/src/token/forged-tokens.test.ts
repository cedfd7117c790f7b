import { createHmac, randomUUID } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { buildRepository, buildUser } from '@escale/schema/testing';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';
import { SigningKeys } from './signing-keys.ts';

let registry: TestRegistry;
let kid: string;
let key: CryptoKey;
let publicKey: CryptoKey;
let good: JWTPayload;
let foreign: { publicKey: CryptoKey; privateKey: CryptoKey };
let repository: string;

beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  const { name } = await buildRepository(em, { visibility: 'public' });
  repository = name;
  const as = await registry.applicationToken(await buildUser(em));
  const answer = await registry.send('GET', `/v2/auth?scope=repository:${name}:pull`, { as });
  const { token } = (await answer.json()) as { token: string };
  good = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as JWTPayload;
  const keys = new SigningKeys(registry.database.orm, registry.contextOf({ kind: 'anonymous' }).vault);
  ({ id: kid, key } = await keys.signing());
  publicKey = (await keys.verifying(kid)) ?? expect.fail('the key that signs verifies');
  foreign = await generateKeyPair('ES256', { extractable: true });
});
afterAll(() => registry.close());

interface Forgery {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  readonly without?: string;
  readonly by?: CryptoKey;
}

const now = () => Math.floor(Date.now() / 1000);

/** A token that is good but for what is said. */
function forge({ header = {}, claims = {}, without, by = key }: Forgery): Promise<string> {
  const payload: JWTPayload = { ...good, ...claims };
  if (without !== undefined) Reflect.deleteProperty(payload, without);
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', kid, typ: 'registry+jwt', ...header })
    .sign(by, { crit: { b64: true } });
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const plain = (header: object, signature = ''): string => `${part(header)}.${part(good)}.${signature}`;

/** Signed with the bytes of our public key as a shared secret: what a verifier that trusts `alg` would accept. */
async function withPublicKeyAsSecret(): Promise<string> {
  const signed = `${part({ alg: 'HS256', kid, typ: 'registry+jwt' })}.${part(good)}`;
  return `${signed}.${createHmac('sha256', await exportSPKI(publicKey))
    .update(signed)
    .digest('base64url')}`;
}

const forgeries: Record<string, () => Promise<string> | string> = {
  'alg none': () => plain({ alg: 'none', kid, typ: 'registry+jwt' }),
  'alg None with a signature': () => plain({ alg: 'None', kid, typ: 'registry+jwt' }, 'AAAA'),
  'HS256 with our public key as secret': withPublicKeyAsSecret,
  'a foreign key under our key’s id': () => forge({ by: foreign.privateKey }),
  'a foreign key with its jwk inside': async () =>
    forge({ by: foreign.privateKey, header: { jwk: await exportJWK(foreign.publicKey) } }),
  'our own key with a jwk inside': async () => forge({ header: { jwk: await exportJWK(publicKey) } }),
  'a jku': () => forge({ header: { jku: 'https://evil.example/keys' } }),
  'an x5u': () => forge({ header: { x5u: 'https://evil.example/chain' } }),
  'an x5c': () => forge({ header: { x5c: ['AAAA'] } }),
  'an extension that must be understood': () => forge({ header: { crit: ['b64'], b64: true } }),
  'a zip': () => forge({ header: { zip: 'DEF' } }),
  'an unknown kid': () => forge({ header: { kid: 'nobody' } }),
  'no kid': () => forge({ header: { kid: undefined } }),
  'a kid of 8 kB': () => forge({ header: { kid: 'k'.repeat(8192) } }),
  'a kid that is a path': () => forge({ header: { kid: '../../etc/passwd' } }),
  'no iat': () => forge({ without: 'iat' }),
  'an iat in the future': () => forge({ claims: { iat: now() + 3600, exp: now() + 3900 } }),
  'an iat long past and an exp to come': () => forge({ claims: { iat: now() - 86_400, exp: now() + 86_400 } }),
  'an exp that is over': () => forge({ claims: { iat: now() - 900, nbf: now() - 900, exp: now() - 600 } }),
  'no exp': () => forge({ without: 'exp' }),
  'another audience': () => forge({ claims: { aud: 'other.example.org' } }),
  'another issuer': () => forge({ claims: { iss: 'https://id.example.org/realms/escale' } }),
  'typ JWT, as an ID token has it': () => forge({ header: { typ: 'JWT' } }),
  'typ at+jwt, as an access token has it': () => forge({ header: { typ: 'at+jwt' } }),
  'no credential': () => forge({ without: 'credential' }),
  'a credential of nobody': () => forge({ claims: { credential: { kind: 'application-token', id: randomUUID() } } }),
  'an access list that is none': () => forge({ claims: { access: 'repository:*:*' } }),
  'one byte of the signature changed': async () => {
    const token = await forge({});
    const at = token.length - 20;
    return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
  },
  'another payload under a good signature': async () => {
    const [head = '', , signature = ''] = (await forge({})).split('.');
    return `${head}.${part({ ...good, sub: 'somebody else' })}.${signature}`;
  },
  'more parts than three': async () => `${await forge({})}.AAAA`,
  'beyond all size': () => `${'e'.repeat(15_000)}.e.e`,
};

test('what is forged here is good but for what is forged', async () => {
  const answer = await registry.send('GET', '/v2/', { as: `Bearer ${await forge({})}` });
  expect(answer.status).toBe(200);
});

test.each(Object.keys(forgeries))('a token with %s is refused, also for what anybody may read (T3)', async (what) => {
  const token = (await forgeries[what]?.()) ?? '';
  for (const path of ['/v2/', `/v2/${repository}/tags/list`, `/v2/${repository}/manifests/latest`]) {
    const answer = await registry.send('GET', path, { as: `Bearer ${token}` });
    expect(answer.status, path).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer realm=');
    expect(await answer.text()).toContain('"code":"UNAUTHORIZED"');
  }
});
