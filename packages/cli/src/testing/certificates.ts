import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate with its key, both as PEM. */
export interface Certificate {
  readonly pem: string;
  readonly key: string;
}

interface Authority extends Certificate {
  /** @param names DNS names or IPv4 addresses */
  issue(commonName: string, names?: readonly string[]): Certificate;
}

/** A certificate authority for one test (X.509, RFC 5280). Node.js reads certificates and cannot make them. */
export function createAuthority(commonName: string): Authority {
  const { publicKey, privateKey } = newKeys();
  const pem = certificate({ commonName, publicKey, issuer: commonName, signedBy: privateKey, isAuthority: true });
  return {
    pem,
    key: pemOf(privateKey),
    issue: (name, names = []) => {
      const keys = newKeys();
      const { publicKey: own } = keys;
      return {
        pem: certificate({ commonName: name, publicKey: own, issuer: commonName, signedBy: privateKey, names }),
        key: pemOf(keys.privateKey),
      };
    },
  };
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

function certificate(given: {
  commonName: string;
  publicKey: KeyObject;
  issuer: string;
  signedBy: KeyObject;
  isAuthority?: boolean;
  names?: readonly string[];
}): string {
  const { commonName, publicKey, issuer, signedBy, isAuthority = false, names = [] } = given;
  const year = new Date().getUTCFullYear();
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(time(year - 1), time(year + 9)),
    nameOf(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(
      3,
      sequence(
        extension('551d13', sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : []))),
        ...(names.length > 0 ? [extension('551d11', sequence(...names.map(alternativeName)))] : []),
      ),
    ),
  );
  const signature = sign('sha256', body, signedBy);
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Tag, length and value of one element. */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const explicit = (number: number, value: Buffer): Buffer => der(0xa0 + number, value);
const integer = (value: Buffer): Buffer => der(0x02, value);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const time = (year: number): Buffer => der(0x17, Buffer.from(`${String(year).slice(2)}0101000000Z`));
const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), der(0x04, value));
const nameOf = (text: string): Buffer => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(text)))));

function alternativeName(name: string): Buffer {
  return isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name));
}
