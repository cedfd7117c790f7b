import { spawn } from 'node:child_process';
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectOnce } from '@escale/schema/orm';
import { choosePlace } from '../embedded/cluster-place.ts';
import { freePort } from '../embedded/free-port.ts';
import { initializeCluster } from '../embedded/initialize-cluster.ts';
import { programEnvironment } from '../embedded/program-environment.ts';
import { createAuthority } from './certificates.ts';

/** A PostgreSQL on 127.0.0.1 whose certificate is for `localhost`, by a CA that nobody else knows. */
export interface TlsPostgres {
  readonly port: number;
  /** PEM files: the CA, another CA, and a client certificate of the former for the user `postgres`. */
  readonly files: { readonly ca: string; readonly otherCa: string; readonly certificate: string; readonly key: string };
  /** @param query begins with `?` */
  url(host: string, query?: string): string;
  close(): Promise<void>;
}

const password = 'of the test';

/** @param hba lines of pg_hba.conf for connections over TCP */
export async function startTlsPostgres(hba: string): Promise<TlsPostgres> {
  const folder = await mkdtemp(path.join(tmpdir(), 'escale-tls-'));
  const home = path.join(folder, 'database');
  await mkdir(home, { mode: 0o700 });
  const place = await choosePlace(home);
  const { binaries, cluster, user } = place;
  await initializeCluster(place, password);
  const authority = createAuthority('CA of the test');
  const server = authority.issue('localhost', ['localhost']);
  const client = authority.issue('postgres');
  for (const [name, text] of Object.entries({
    'server.crt': server.pem,
    'server.key': server.key,
    'ca.crt': authority.pem,
    'pg_hba.conf': `${hba}\n`,
  })) {
    await writeFile(path.join(cluster, name), text, { mode: 0o600 });
    if (user) await chown(path.join(cluster, name), user.uid, user.gid);
  }
  const files = {
    ca: path.join(folder, 'ca.pem'),
    otherCa: path.join(folder, 'other-ca.pem'),
    certificate: path.join(folder, 'client.pem'),
    key: path.join(folder, 'client.key'),
  };
  await writeFile(files.ca, authority.pem);
  await writeFile(files.otherCa, createAuthority('another CA').pem);
  await writeFile(files.certificate, client.pem);
  await writeFile(files.key, client.key, { mode: 0o600 });
  const port = await freePort();
  const settings = {
    ssl: 'on',
    ssl_cert_file: 'server.crt',
    ssl_key_file: 'server.key',
    ssl_ca_file: 'ca.crt',
    fsync: 'off',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(
    path.join(binaries, 'bin', 'postgres'),
    ['-D', cluster, '-h', '127.0.0.1', '-k', '', '-p', String(port), ...flags],
    { cwd: '/', env: programEnvironment(), stdio: 'ignore', ...user },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = (host: string, query = '') =>
    `postgres://postgres:${encodeURIComponent(password)}@${host}:${String(port)}/postgres${query}`;
  const asClient = {
    databaseUrl: url('127.0.0.1', `?sslmode=require&sslcert=${files.certificate}&sslkey=${files.key}`),
  };
  for (let tries = 0; ; tries += 1) {
    const asked = await connectOnce(asClient, { applicationName: 'test', patience: 1000 }).catch((error: unknown) => {
      if (tries > 200) throw error;
    });
    if (asked) {
      await asked.end();
      break;
    }
    await sleep(50);
  }
  return {
    port,
    files,
    url,
    close: async () => {
      child.kill('SIGQUIT');
      await ended;
      await rm(folder, { recursive: true, force: true });
      if (!cluster.startsWith(folder)) await rm(path.dirname(cluster), { recursive: true, force: true });
    },
  };
}
