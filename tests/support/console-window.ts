import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import type { Stack } from './stack.ts';

/** A window on the console that remembers everything a browser has to say against it. */
export interface Window {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Policy violations, failed requests, errors in our code, requests to elsewhere. */
  readonly complaints: readonly string[];
  /** How many GraphQL requests were sent since it was last asked. */
  graphqlRequests(): number;
  /** Bytes of all scripts so far, as gzip makes them. */
  scriptBytes(): Promise<number>;
}

export async function openWindow(
  browser: Browser,
  stack: Stack,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Window> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    // What fades in is looked at when it is there.
    reducedMotion: 'reduce',
    ...options,
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  const complaints: string[] = [];
  const scripts: Response[] = [];
  let asked = 0;
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(stack.url) && !/^(?:data|blob):/.test(request.url()))
      complaints.push(`asked elsewhere: ${request.url()}`);
    if (request.url() === `${stack.url}/graphql`) asked += 1;
  });
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.endsWith('.js') && response.ok()) scripts.push(response);
  });
  return {
    page,
    context,
    complaints,
    graphqlRequests: () => {
      const before = asked;
      asked = 0;
      return before;
    },
    // Read when it is asked for: a page that was left no longer has its bodies.
    scriptBytes: async () => {
      const bodies = await Promise.all(scripts.map((script) => script.body()));
      return bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).byteLength, 0);
    },
  };
}

/** Signs in through the provider's form, and accepts the name that is offered the first time. */
export async function signInAs({ page }: Window, stack: Stack, username: string): Promise<void> {
  await page.goto(stack.url);
  await page.getByRole('link', { name: /^(?:Sign in with|Se connecter avec) Keycloak$/ }).click();
  await fillProviderForm(page, stack, username);
  await page.waitForURL((url) => url.origin === stack.url && /^\/(?:welcome)?$/.test(url.pathname));
  const accept = page.getByRole('button', { name: /^(?:Use this name|Utiliser ce nom)$/ });
  const home = page.getByRole('heading', { level: 1, name: /^(?:Repositories|Dépôts)$/ });
  await accept.or(home).first().waitFor();
  if (await accept.isVisible()) await accept.click();
  await home.waitFor();
}

export async function fillProviderForm(page: Page, stack: Stack, username: string): Promise<void> {
  await page.locator('input[name=username]').fill(username);
  await page.locator('input[name=password]').fill(stack.demoPassword);
  await page.locator('button[type=submit]').click();
}
