import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startKeycloak, type AdminCredentials } from '@escale/infra/keycloak';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    keycloak: { readonly url: string; readonly credentials: AdminCredentials; readonly control: string };
  }
}

/** One real Keycloak for the whole run; each test file makes a realm of its own. `control` stops and starts it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'escale-keycloak-'));
  const keycloak = await startKeycloak({ folder });
  // Test files run in processes of their own.
  const control = createServer((request, response) => {
    const done = request.url === '/stop' ? keycloak.stop() : keycloak.restart();
    done.then(
      () => response.end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => {
    control.listen(0, '127.0.0.1', resolve);
  });
  const address = control.address();
  if (typeof address !== 'object' || !address) throw new Error('the control has no address');
  const { url, credentials } = keycloak;
  project.provide('keycloak', { url, credentials, control: `http://127.0.0.1:${String(address.port)}` });
  return async () => {
    control.close();
    await keycloak.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
