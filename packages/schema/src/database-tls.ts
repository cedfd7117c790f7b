import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { isSocketFolder, type ServerAddress } from './database-url.ts';

/** PostgreSQL's SSLRequest message: eight bytes long, code 80877103. */
const tlsRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * What TLS asks for on a new connection; false for a connection without. As in libpq, `require` with a CA checks like
 * `verify-ca`, and Unix sockets are not encrypted.
 */
export function tlsOptions({ host, tls }: ServerAddress): ConnectionOptions | false {
  const { mode, caFile, certificateFile, keyFile, keyPassword } = tls;
  if (mode === 'disable' || isSocketFolder(host)) return false;
  const verifies = mode === 'verify-full' || mode === 'verify-ca' || (mode === 'require' && caFile !== undefined);
  return {
    rejectUnauthorized: verifies,
    checkServerIdentity: (_name, certificate) =>
      mode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
    ...(verifies && caFile !== undefined && { ca: readFileSync(caFile, 'utf8') }),
    ...(certificateFile !== undefined && { cert: readFileSync(certificateFile, 'utf8') }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile, 'utf8') }),
    ...(keyPassword !== undefined && { passphrase: keyPassword }),
  };
}

/**
 * Asks a server whether it offers TLS, on a connection of its own.
 * @param patience milliseconds
 * @throws Error when it does not answer
 */
export async function offersTls({ host, port }: ServerAddress, patience: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    return await new Promise<boolean>((resolve, reject) => {
      socket.setTimeout(patience, () => {
        reject(new Error('timeout exceeded when trying to connect'));
      });
      socket.once('error', reject);
      socket.once('close', () => {
        reject(new Error('Connection terminated unexpectedly'));
      });
      socket.once('connect', () => socket.write(tlsRequest));
      socket.once('data', ([answer]) => {
        resolve(answer === 'S'.charCodeAt(0));
      });
    });
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

/** The code of errors that say why TLS with the database is not possible. */
export const tlsFailure = 'DATABASE_TLS';

/** The same error in words that say what to do, where TLS is what failed. */
export function explainTls(error: unknown, { host, tls }: ServerAddress): unknown {
  if (!(error instanceof Error)) return error;
  const { code = '' } = error as { code?: string };
  const said = (message: string) => Object.assign(new Error(message, { cause: error }), { code: tlsFailure });
  if (error.message === 'The server does not support SSL connections')
    return said(`the database server ${host} offers no TLS, and sslmode=${tls.mode} asks for it`);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return said(
      `the certificate of the database server is not for ${host}: connect by a name that it lists (${error.message})`,
    );
  if (!certificateCodes.test(code)) return error;
  return said(
    `the certificate of the database server ${host} is not trusted (${error.message}): ` +
      'give the CA that issued it as sslrootcert in ESCALE_DATABASE_URL or in ESCALE_DATABASE_CA_FILE',
  );
}

/** OpenSSL's words for a certificate that does not verify. */
const certificateCodes =
  /^(?:CERT_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH|CRL_)/;
