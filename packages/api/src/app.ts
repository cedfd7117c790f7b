import { METHODS } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { koaMiddleware } from '@as-integrations/koa';
import Router from '@koa/router';
import Koa from 'koa';
import { principalName, type UserPrincipal } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import { DomainError, withAddress } from '@escale/domain/errors';
import { isConnectionFailure } from '@escale/schema/orm';
import { BodyError, BodyMemory } from '@escale/server-kit/body-memory';
import { clientAddressReader } from '@escale/server-kit/client-address';
import { closeIfUnread } from '@escale/server-kit/close-unread';
import { accessLog, requestId } from '@escale/server-kit/middleware';
import { RepeatedWarning } from '@escale/server-kit/repeated-warning';
import { identifyAccessToken } from './auth/identify.ts';
import { KeycloakBearers } from './auth/keycloak.ts';
import { OpenIdProvider } from './auth/openid-provider.ts';
import { revokeToken } from './auth/revoke-token.ts';
import { overTls } from './auth/sealed-cookie.ts';
import { formBody, jsonBody } from './bodies.ts';
import { beginSignIn, completeSignIn } from './auth/sign-in.ts';
import { SessionRefresher } from './auth/session-refresh.ts';
import { backchannelSignOut, signOut } from './auth/sign-out.ts';
import { buildSchema } from './graphql/build-schema.ts';
import { CallerSlots } from './graphql/caller-slots.ts';
import { createContext, type ApiContext } from './graphql/context.ts';
import { formatError, giveStatus, reportErrors, unforeseen } from './graphql/format-error.ts';
import { documentLimits } from './graphql/limits.ts';
import { checkPages } from './graphql/page-arguments.ts';
import { BodyRefused, refuseIllFormedText, refuseOtherCharsets } from './graphql/request-body.ts';
import { trustedDocuments } from './graphql/trusted-documents.ts';
import { requestIdOf } from './request-id.ts';
import type { ApiParts, Services } from './services.ts';
import { eventStream, paramsOfQuery, refuseSubscription, wantsEvents } from './subscriptions/event-stream.ts';
import { LiveEvents } from './subscriptions/live-events.ts';
import { StreamQuotas } from './subscriptions/stream-quotas.ts';
import { sendExport } from './usage-logs/export-link.ts';
import { ExportWriter } from './usage-logs/export-writer.ts';

/** The management API as a Koa application for `/graphql` and `/auth/*`. */
export interface ApiApp {
  readonly koa: Koa;
  /** The user of an access token of the identity provider, for `$oauthtoken` at the registry. */
  identifyAccessToken(nobody: Context, token: string): Promise<UserPrincipal>;
  close(): Promise<void>;
}

/** Bytes. */
const bodyLimit = 100 * 1024;
const formLimit = 20 * 1024;

export async function createApp(parts: ApiParts): Promise<ApiApp> {
  const fetch = parts.fetch ?? globalThis.fetch;
  const provider = new OpenIdProvider(parts.config.oidc, fetch);
  const services: Services = {
    ...parts,
    provider,
    bearers: new KeycloakBearers(parts.config, provider.keys),
    clientAddress: clientAddressReader(parts.config.trustedProxies),
    bodyMemory: parts.bodyMemory ?? new BodyMemory(),
    exports: new ExportWriter(parts),
    liveEvents: new LiveEvents(parts),
    streamQuotas: new StreamQuotas(),
    refusedLogouts: new RepeatedWarning(parts.logger, 'a back-channel logout was refused'),
    failedSignIns: new RepeatedWarning(parts.logger, 'a sign-in did not succeed'),
  };
  const refresher = new SessionRefresher(services);
  const schema = await buildSchema();
  const apollo = new ApolloServer<ApiContext>({
    schema,
    csrfPrevention: { requestHeaders: ['x-escale-csrf', 'apollo-require-preflight'] },
    introspection: false,
    hideSchemaDetailsFromClientErrors: true,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    parseOptions: { maxLexicalTokens: 2000 },
    maxRecursiveSelections: 5000,
    validationRules: [documentLimits],
    // Ten with the one that says that there are more (G13).
    validationOptions: { maxErrors: 9 },
    executionOptions: { maxCoercionErrors: 9 },
    formatError,
    plugins: [
      {
        requestDidStart: () =>
          Promise.resolve({
            didResolveOperation: ({ document, operation, request }) => {
              refuseSubscription(operation);
              checkPages(document, operation?.variableDefinitions ?? [], request.variables ?? {});
              return Promise.resolve();
            },
            didEncounterErrors: ({ errors, operation, contextValue }) => {
              giveStatus(errors, operation);
              reportErrors(parts.logger, errors, requestIdOf(contextValue.http));
              return Promise.resolve();
            },
          }),
      },
    ],
    // The process is not this server's alone.
    stopOnTerminationSignals: false,
  });
  await apollo.start();
  // All that Node can parse: a method that is not allowed is 405, and none is 501, which would count as a failure on our side.
  const router = new Router({ methods: METHODS });
  router.get('/auth/login', (http) => beginSignIn(services, http));
  router.get('/auth/callback', (http) => completeSignIn(services, http));
  router.get('/auth/logout', (http) => {
    http.redirect('/');
  });
  router.post('/auth/logout', (http) => signOut(services, http));
  const parseForm = formBody(services, formLimit);
  router.post('/auth/backchannel-logout', parseForm, (http) => backchannelSignOut(services, http));
  router.post('/auth/revoke', parseForm, (http) => revokeToken(services, http));
  router.get('/graphql/exports/:id', (http) => sendExport(services, http, http.params['id'] ?? ''));
  const sendEvents = eventStream(services, schema);
  router.get('/graphql', (http) => {
    if (wantsEvents(http)) return sendEvents(http, paramsOfQuery(http.querystring));
    http.set('Allow', 'POST');
    http.status = 405;
    return undefined;
  });
  const slots = new CallerSlots();
  const parseJson = jsonBody(services, bodyLimit);
  const findDocument = trustedDocuments(parts.trustedDocuments ?? new Map());
  router.post('/graphql', refuseOtherCharsets, parseJson, refuseIllFormedText, findDocument, async (http, next) => {
    if (wantsEvents(http)) return sendEvents(http, (http.request as { body?: unknown }).body);
    // Before Apollo, which would make a bare 500 of a refusal: a bearer that does not hold is 401, a foreign origin 403.
    const context = await createContext(services, http);
    Object.assign(http.state, { principal: principalName(context.principal) });
    const { principal, client } = context;
    const caller = { principal, address: client.address, whenGone: (call: () => void) => http.res.once('close', call) };
    await slots.run(caller, () => koaMiddleware(apollo, { context: () => Promise.resolve(context) })(http, next));
  });

  const koa = new Koa();
  koa.silent = true;
  koa.use(requestId());
  koa.use(accessLog(parts.logger));
  koa.use(async (http, next) => {
    http.set('X-Content-Type-Options', 'nosniff');
    http.set('Referrer-Policy', 'same-origin');
    // The external URL says whether browsers come over TLS; the listener itself may lie behind what terminates it.
    http.cookies.secure = overTls(parts.config.externalUrl);
    try {
      await next();
    } catch (error) {
      refuse(services, http, error);
      closeIfUnread(http.req, http.res);
    }
    if (http.status === 503) http.set('Retry-After', '5');
  });
  koa.use(router.routes());
  koa.use(router.allowedMethods());
  return {
    koa,
    identifyAccessToken: (nobody, token) => identifyAccessToken(services, nobody, token),
    close: async () => {
      await refresher.close();
      await services.liveEvents.close();
      await services.exports.close();
      services.refusedLogouts.close();
      services.failedSignIns.close();
      await apollo.stop();
    },
  };
}

const statuses: Partial<Record<DomainError['code'], number>> = {
  UNAUTHORIZED: 401,
  DENIED: 403,
  NOT_FOUND: 404,
  TOOMANYREQUESTS: 429,
  UNAVAILABLE: 503,
};

/** RFC 6750: who showed a bearer reads what is wrong with it; who showed none does not. */
function challenge(http: Koa.Context, { message }: DomainError): string {
  const realm = 'Bearer realm="escale"';
  if (http.get('Authorization') === '') return realm;
  return `${realm}, error="invalid_token", error_description="${message.replace(/[^\x20-\x7e]|["\\]/g, "'")}"`;
}

const bodyCodes: Partial<Record<BodyError['status'], string>> = { 429: 'TOOMANYREQUESTS', 503: 'UNAVAILABLE' };

function retryAfter(http: Koa.Context, seconds: unknown): void {
  if (typeof seconds === 'number') http.set('Retry-After', String(seconds));
}

/** What goes wrong before GraphQL answers: a bad body, a bearer that does not hold, a foreign origin. */
function refuse({ logger, config }: Services, http: Koa.Context, thrown: unknown): void {
  const error = withAddress(thrown, config.externalUrl);
  const given = (error as { status?: unknown } | null)?.status;
  if (error instanceof DomainError) {
    http.status = statuses[error.code] ?? 400;
    retryAfter(http, error.detail?.['retryAfter']);
    if (http.status === 401) http.set('WWW-Authenticate', challenge(http, error));
    http.body = { errors: [{ message: error.message, extensions: { code: error.code } }] };
    return;
  }
  if (error instanceof BodyError) {
    http.status = error.status;
    retryAfter(http, error.retryAfter);
    http.body = {
      errors: [{ message: error.message, extensions: { code: bodyCodes[error.status] ?? 'BAD_REQUEST' } }],
    };
    return;
  }
  if (error instanceof BodyRefused) {
    http.status = error.status;
    http.body = { errors: [{ message: error.message, extensions: { code: error.code } }] };
    return;
  }
  if (typeof given === 'number' && given >= 400 && given < 500) {
    http.status = given;
    http.body = { errors: [{ message: 'the request cannot be read', extensions: { code: 'BAD_REQUEST' } }] };
    return;
  }
  const id = requestIdOf(http);
  logger.error({ err: error, path: http.path, requestId: id }, 'unforeseen error');
  http.status = isConnectionFailure(error) ? 503 : 500;
  http.body = { errors: [unforeseen(error, id)] };
}
