import type { Context as KoaContext, Middleware } from 'koa';
import { decodeBody, readBody } from '@escale/server-kit/read-body';
import { sourceOf } from '@escale/server-kit/client-address';
import { BodyRefused } from './graphql/request-body.ts';
import type { Services } from './services.ts';

type BodyServices = Pick<Services, 'bodyMemory' | 'clientAddress'>;

/** Reads a JSON object into `request.body`; `{}` where there is none. @param limit bytes, decoded */
export function jsonBody(services: BodyServices, limit: number): Middleware {
  return async (http, next) => {
    const isJson = typeof http.is('json', '+json') === 'string';
    setBody(http, isJson ? parseJson(await readText(services, http, limit)) : {});
    return next();
  };
}

/** Reads a form into `request.body`; a field that is sent twice has a list of values. @param limit bytes, decoded */
export function formBody(services: BodyServices, limit: number): Middleware {
  return async (http, next) => {
    const isForm = typeof http.is('urlencoded') === 'string';
    const form = new URLSearchParams(isForm ? await readText(services, http, limit) : '');
    const fields = [...new Set(form.keys())].map((name) => {
      const values = form.getAll(name);
      return [name, values.length === 1 ? values[0] : values] as const;
    });
    setBody(http, Object.fromEntries(fields));
    return next();
  };
}

function setBody(http: KoaContext, body: unknown): void {
  Object.assign(http.request, { body });
}

async function readText({ bodyMemory: memory, clientAddress }: BodyServices, http: KoaContext, limit: number) {
  const sources = [`address ${sourceOf(clientAddress(http.req) ?? '')}`] as const;
  const { content, release } = await readBody(http.req, { memory, sources, limit });
  try {
    const decoded = await decodeBody(content, http.headers['content-encoding'], limit);
    return decoded.toString('utf8');
  } finally {
    release();
  }
}

/** Objects and lists alone; what else JSON has is no request of ours. */
function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BodyRefused(400, 'BAD_REQUEST', 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null)
    throw new BodyRefused(400, 'BAD_REQUEST', 'the body is not a JSON object');
  return value;
}
