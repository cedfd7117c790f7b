import { parseScopes } from '@escale/schema/values';
import { anonymous, grantScopes, type Principal } from '@escale/domain/access';
import { as } from '@escale/domain/context';
import { resumePrincipal } from '@escale/domain/credentials';
import { inputInvalid, unauthorized, unsupported } from '@escale/domain/errors';
import { identifyBasic, refusing } from '../auth/identify.ts';
import { BodyError } from '@escale/server-kit/body-memory';
import { decodeBody, readBody } from '@escale/server-kit/read-body';
import { sourcesOf } from '../auth/sources.ts';
import type { Exchange } from '../routing/exchange.ts';
import { readBasic } from './basic-credentials.ts';
import { issueRefreshToken, readRefreshToken } from './refresh-token.ts';
import { signToken } from './registry-token.ts';
import { tokenLifetime } from './token-lifetime.ts';

const scopeLimit = 50;
/** Bytes. */
const formLimit = 64 * 1024;

/**
 * The token service (Docker token protocol): GET with Basic credentials or without any, POST with a form (containerd, OAuth 2.0
 * clients, a docker that was given a refresh token). Narrowing is a 200 with fewer actions; credentials that do not hold are a
 * 401 with the reason.
 *
 * A refresh token is issued only to a client that POSTs `access_type=offline` and so speaks OAuth 2.0. `docker login` asks with
 * GET and `offline_token=true`. If it got one, it would store an identity token and an empty password, which podman, buildah
 * and a kubelet cannot use.
 */
export async function token(exchange: Exchange<{ kind: 'token' }>): Promise<void> {
  const { ctx, services, http } = exchange;
  if (!['GET', 'HEAD', 'POST'].includes(http.method)) throw unsupported('the token service answers GET and POST');
  const asked = http.method === 'POST' ? await readForm(exchange) : exchange.query;
  const scopes = parseScopes(asked.getAll('scope'));
  if (scopes.length > scopeLimit) throw inputInvalid('scope', `at most ${String(scopeLimit)} scopes in one token`);
  const principal = http.method === 'POST' ? await callerByForm(exchange, asked) : await callerByHeader(exchange);
  const grants = await grantScopes(as(ctx, principal), scopes);
  const catalog = scopes.some(({ kind }) => kind === 'catalog');
  const signed = await signToken(services, principal, { grants, catalog }, ctx.now);
  const offline = http.method === 'POST' && asked.get('access_type') === 'offline';
  const refresh = offline ? issueRefreshToken(services.vault, principal) : undefined;
  http.set('Cache-Control', 'no-store');
  http.body = {
    token: signed,
    access_token: signed,
    expires_in: tokenLifetime,
    issued_at: ctx.now.toISOString(),
    ...(refresh !== undefined && { refresh_token: refresh }),
  };
}

async function callerByHeader({ ctx, services, http }: Exchange<unknown>): Promise<Principal> {
  const header = http.get('Authorization');
  if (header === '') return anonymous;
  if (!/^basic /i.test(header)) throw unauthorized('the token service takes Basic credentials');
  const { username, password } = readBasic(header);
  return identifyBasic(services, ctx, username, password);
}

async function callerByForm({ ctx, services }: Exchange<unknown>, form: URLSearchParams): Promise<Principal> {
  const grantType = form.get('grant_type');
  if (grantType === 'password') {
    return identifyBasic(services, ctx, form.get('username') ?? '', form.get('password') ?? '');
  }
  if (grantType === 'refresh_token') {
    const text = form.get('refresh_token') ?? '';
    return refusing(services, ctx, 'refresh token', () => resumePrincipal(ctx, readRefreshToken(ctx.vault, text)));
  }
  throw inputInvalid('grant_type', 'the token service takes grant_type=password or refresh_token on POST');
}

async function readForm({ ctx, http, services }: Exchange<unknown>): Promise<URLSearchParams> {
  if (!http.is('application/x-www-form-urlencoded'))
    throw inputInvalid('form', 'the token service takes a form on POST');
  const { bodyMemory: memory } = services;
  try {
    const { content, release } = await readBody(http.req, { memory, sources: sourcesOf(ctx), limit: formLimit });
    const form = await decodeBody(content, http.headers['content-encoding'], formLimit).finally(release);
    return new URLSearchParams(form.toString('utf8'));
  } catch (error) {
    if (error instanceof BodyError && error.status === 413) throw inputInvalid('form', 'the form is too large');
    throw error;
  }
}
