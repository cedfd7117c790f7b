import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';
import { createVault, type Vault } from '@escale/domain/credentials';
import { createOrm, type Orm } from '@escale/schema/orm';
import { openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { createLogger, type Logger } from '@escale/server-kit/logger';
import { createApp, type ApiApp } from '../app.ts';
import type { ApiConfig } from '../config.ts';
import { startTestIssuer, type TestIssuer, type TestPerson } from './test-issuer.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of a PostgreSQL server on which tests may make databases. */
    databaseServerUrl: string;
  }
}

/** What a GraphQL request came to. */
export interface Answer {
  readonly status: number;
  readonly data: Record<string, unknown>;
  readonly errors: readonly {
    message: string;
    extensions: { code: string; field?: string; detail?: Record<string, unknown> };
  }[];
  readonly headers: Headers;
  /** As it came. */
  readonly text: string;
}

/** Somebody with a cookie jar, or with a bearer. */
export interface Caller {
  /** Follows no redirect; keeps cookies. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  graphql(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<Answer>;
  /** Follows a subscription over server-sent events. */
  follow(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<Following>;
  readonly cookies: Map<string, string>;
}

/** A subscription under way. */
export interface Following {
  readonly status: number;
  readonly headers: Headers;
  /** The next event; undefined when the stream has ended. */
  next(): Promise<Pick<Answer, 'data' | 'errors'> | undefined>;
  stop(): Promise<void>;
}

/** The management API on a port, on a database of its own, with an issuer of its own. */
export interface TestApi {
  readonly url: string;
  readonly database: TestDatabase;
  readonly issuer: TestIssuer;
  readonly app: ApiApp;
  readonly config: ApiConfig;
  readonly vault: Vault;
  caller(headers?: Record<string, string>): Caller;
  /** Through the front door: login, the issuer, callback. The user name is confirmed unless said otherwise. */
  signIn(person: TestPerson, options?: { confirm?: boolean }): Promise<Caller>;
  close(): Promise<void>;
}

export async function startTestApi(
  settings: {
    externalUrl?: string;
    refreshSeconds?: number;
    revealTokens?: boolean;
    trustedProxies?: string[];
    fetch?: typeof globalThis.fetch;
    orm?: Orm;
    /** Connections of a pool of its own. */
    connections?: number;
    trustedDocuments?: ReadonlyMap<string, string>;
    logger?: Logger;
  } = {},
): Promise<TestApi> {
  const apiAudience = 'escale-api';
  const [database, issuer] = await Promise.all([
    openTestDatabase(inject('databaseServerUrl')),
    startTestIssuer({ apiAudience }),
  ]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${String((server.address() as AddressInfo).port)}`;
  const config: ApiConfig = {
    externalUrl: settings.externalUrl ?? url,
    version: '1.2.3',
    oidc: {
      issuer: issuer.url,
      clientId: issuer.clientId,
      clientSecret: issuer.clientSecret,
      name: 'Keycloak',
      refreshSeconds: settings.refreshSeconds ?? 600,
    },
    apiAudience,
    adminGroup: '/escale-admins',
    revealTokens: settings.revealTokens ?? true,
    undoSeconds: 7 * 24 * 3600,
    trustedProxies: settings.trustedProxies ?? [],
  };
  const vault = createVault(randomBytes(32));
  const { connections: poolSize } = settings;
  const own = poolSize === undefined ? undefined : await createOrm({ databaseUrl: database.url, poolSize });
  const app = await createApp({
    config,
    orm: own ?? settings.orm ?? database.orm,
    vault,
    logger: settings.logger ?? createLogger({ level: 'silent' }),
    ...(settings.trustedDocuments && { trustedDocuments: settings.trustedDocuments }),
    ...(settings.fetch && { fetch: settings.fetch }),
  });
  server.on('request', app.koa.callback());

  const caller = (headers: Record<string, string> = {}): Caller => newCaller(url, headers);
  return {
    url,
    database,
    issuer,
    app,
    config,
    vault,
    caller,
    signIn: async (person, { confirm = true } = {}) => {
      issuer.person = person;
      const browser = caller();
      const callback = await walkToCallback(browser, '/auth/login');
      const done = await browser.fetch(callback);
      if (done.status !== 302) throw new Error(`the sign-in ended with ${String(done.status)}`);
      if (confirm && (done.headers.get('location') ?? '').startsWith('/welcome')) {
        await browser.graphql(
          'mutation($username: String!) { confirmUsername(input: { username: $username }) { viewer { id } } }',
          { username: person.name },
        );
      }
      return browser;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await app.close();
      await own?.close(true);
      await Promise.all([database.close(), issuer.close()]);
    },
  };
}

/** Goes to the issuer and comes back up to our own callback, which is not yet called. @returns its path with the query */
export async function walkToCallback(browser: Caller, login: string): Promise<string> {
  const away = await browser.fetch(login);
  const back = await fetch(away.headers.get('location') ?? '', { redirect: 'manual' });
  const { pathname, search } = new URL(back.headers.get('location') ?? '');
  return pathname + search;
}

function newCaller(url: string, ownHeaders: Record<string, string>): Caller {
  const cookies = new Map<string, string>();
  const withCookies = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers({ ...ownHeaders, ...(init.headers as Record<string, string> | undefined) });
    const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (jar) headers.set('cookie', jar);
    const answer = await fetch(url + path, { redirect: 'manual', ...init, headers });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  return {
    cookies,
    follow: async (query, variables = {}, headers = {}) =>
      follow(
        await withCookies('/graphql', {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'text/event-stream',
            'x-escale-csrf': '1',
            origin: url,
            ...headers,
          },
          body: JSON.stringify({ query, variables }),
        }),
      ),
    fetch: withCookies,
    graphql: async (query, variables = {}, headers = {}) => {
      const answer = await withCookies('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-escale-csrf': '1', origin: url, ...headers },
        body: JSON.stringify({ query, variables }),
      });
      return readAnswer(answer);
    },
  };
}

export async function readAnswer(answer: Response): Promise<Answer> {
  const text = await answer.text();
  const { data, errors } = (text.startsWith('{') ? JSON.parse(text) : {}) as Partial<Answer>;
  return { status: answer.status, data: data ?? {}, errors: errors ?? [], headers: answer.headers, text };
}

function follow({ status, headers, body }: Response): Following {
  const reader = (body ?? new ReadableStream<Uint8Array>()).getReader();
  const decoder = new TextDecoder();
  let text = '';
  return {
    status,
    headers,
    next: async () => {
      for (;;) {
        const [block, rest] = splitAt(text, '\n\n');
        if (rest === undefined) {
          const { done, value } = await reader.read();
          if (done) return undefined;
          text += decoder.decode(value, { stream: true });
          continue;
        }
        text = rest;
        const [, event, data = ''] = /^event: (\w+)\ndata: ?(.*)$/s.exec(block) ?? [];
        if (event === 'complete') return undefined;
        if (event !== 'next') continue;
        const { data: values, errors } = JSON.parse(data) as Partial<Answer>;
        return { data: values ?? {}, errors: errors ?? [] };
      }
    },
    stop: () => reader.cancel(),
  };
}

function splitAt(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}
