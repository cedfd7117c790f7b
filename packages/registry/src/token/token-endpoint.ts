import { parseScopes } from '@escale/schema/values';
import { anonymous, grantScopes, type Principal } from '@escale/domain/access';
import { as } from '@escale/domain/context';
import { DomainError, inputInvalid, unauthorized, unsupported } from '@escale/domain/errors';
import { identifyBasic } from '../auth/identify.ts';
import type { Exchange } from '../routing/exchange.ts';
import { readBody } from '../routing/read-body.ts';
import { readBasic } from './basic-credentials.ts';
import { signToken, tokenLifetime } from './registry-token.ts';

const scopeLimit = 50;

/**
 * The token service (Docker token protocol): GET with Basic credentials, POST with a form (containerd, OAuth 2.0 clients).
 * Narrowing is a 200 with fewer actions; credentials that do not hold are a 401 with the reason.
 */
export async function token(exchange: Exchange<{ kind: 'token' }>): Promise<void> {
  const { ctx, services, http } = exchange;
  const parameters = http.method === 'POST' ? await readForm(exchange) : exchange.query;
  if (!['GET', 'HEAD', 'POST'].includes(http.method)) throw unsupported('the token service answers GET and POST');
  const principal = await caller(exchange, parameters);
  const scopes = parseScopes(parameters.getAll('scope'));
  if (scopes.length > scopeLimit) throw inputInvalid('scope', `at most ${String(scopeLimit)} scopes in one token`);
  const grants = await grantScopes(as(ctx, principal), scopes);
  const signed = await signToken(services, principal, grants, ctx.now);
  http.set('Cache-Control', 'no-store');
  http.body = { token: signed, access_token: signed, expires_in: tokenLifetime, issued_at: ctx.now.toISOString() };
}

async function caller({ ctx, services, http }: Exchange<unknown>, form: URLSearchParams): Promise<Principal> {
  if (http.method === 'POST') {
    const grantType = form.get('grant_type');
    if (grantType !== 'password') {
      throw new DomainError('UNSUPPORTED', 'the token service takes grant_type=password on POST');
    }
    return identifyBasic(services, ctx, form.get('username') ?? '', form.get('password') ?? '');
  }
  const header = http.get('Authorization');
  if (header === '') return anonymous;
  if (!/^basic /i.test(header)) throw unauthorized('the token service takes Basic credentials');
  const { username, password } = readBasic(header);
  return identifyBasic(services, ctx, username, password);
}

async function readForm({ http }: Exchange<unknown>): Promise<URLSearchParams> {
  if (!http.is('application/x-www-form-urlencoded')) throw unsupported('the token service takes a form on POST');
  const body = await readBody(http.req, 64 * 1024);
  if (!body) throw inputInvalid('form', 'the form is too large');
  return new URLSearchParams(body.toString('utf8'));
}
