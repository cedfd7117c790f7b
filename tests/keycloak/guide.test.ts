import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { installKeycloak, KeycloakAdmin } from '@escale/infra/keycloak';
import { expect, inject, test } from 'vitest';
import { examine } from '../support/doctor.ts';
import { signIn } from '../support/sign-in.ts';
import { startStack } from '../support/stack.ts';

const run = promisify(execFile);
const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/keycloak.md'), 'utf8');
/** The lines of the page that a shell runs and that call Keycloak. */
const lines = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, text = '']) =>
  text.includes('kcadm.sh') ? [text] : [],
);

test(
  'the commands of docs/keycloak.md lead from nothing to a sign-in, and the doctor finds nothing wrong',
  { timeout: 600_000 },
  async () => {
    expect(lines).toHaveLength(5);
    const { url, credentials } = inject('keycloak');
    const folder = await mkdtemp(path.join(tmpdir(), 'escale-guide-'));
    const realm = `guide-${randomBytes(4).toString('hex')}`;
    const secret = () => randomBytes(18).toString('base64url');
    const [web, sync] = [secret(), secret()];
    const oidc = {
      ESCALE_OIDC_ISSUER: `${url}/realms/${realm}`,
      ESCALE_OIDC_CLIENT_ID: 'escale-web',
      ESCALE_OIDC_CLIENT_SECRET: web,
      ESCALE_OIDC_SYNC_CLIENT_ID: 'escale-sync',
      ESCALE_OIDC_SYNC_CLIENT_SECRET: sync,
    };
    const stack = await startStack({ environment: oidc });
    try {
      const script = path.join(folder, 'guide.sh');
      await writeFile(script, ['set -eu', ...lines].join('\n'));
      await run('sh', [script], {
        env: {
          ...process.env,
          PATH: `${path.join(installKeycloak(), 'bin')}:${process.env['PATH'] ?? ''}`,
          // Where kcadm.sh keeps its session.
          HOME: folder,
          KC_OPTS: `-Duser.home=${folder}`,
          KEYCLOAK: url,
          REALM: realm,
          ADMIN: credentials.clientId,
          ADMIN_PASSWORD: credentials.clientSecret,
          ESCALE: stack.url,
          CLIENT_SECRET: web,
          SYNC_SECRET: sync,
        },
      });
      const environment = { ...oidc, ESCALE_EXTERNAL_URL: stack.url, ESCALE_DATA_DIR: stack.dataDir };
      const { outcomes, code, text } = await examine(environment, {
        username: 'ada',
        password: credentials.clientSecret,
      });
      expect([code, Object.values(outcomes)], text).toEqual([0, Object.keys(outcomes).map(() => 'ok')]);
      expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(['audience', 'groups', 'look at groups']));
      const ada = await signIn(stack, 'ada', { password: credentials.clientSecret });
      expect(await ada.ask('{ viewer { username isAdministrator } }')).toEqual({
        viewer: { username: 'ada', isAdministrator: true },
      });
    } finally {
      await stack.stop();
      await rm(folder, { recursive: true, force: true });
      await new KeycloakAdmin(url, credentials).ask('DELETE', `/${realm}`).catch(() => undefined);
    }
  },
);
