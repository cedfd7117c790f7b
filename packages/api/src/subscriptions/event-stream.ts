import { Readable } from 'node:stream';
import {
  createHandler,
  type ExecutionPatchResult,
  type ExecutionResult,
  type RequestParams,
  type Response,
} from 'graphql-sse';
import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { Context as KoaContext } from 'koa';
import { checkCaller } from '../graphql/access-rule.ts';
import { createContext, type ApiContext } from '../graphql/context.ts';
import { formatError, reportErrors } from '../graphql/format-error.ts';
import { documentLimits } from '../graphql/limits.ts';
import { BodyRefused, refuseIllFormed } from '../graphql/request-body.ts';
import { requestIdOf } from '../request-id.ts';
import type { Services } from '../services.ts';
import { ReaderPace } from './reader-pace.ts';

export const mediaType = 'text/event-stream';

/**
 * Whether a request wants the answers of a subscription: GraphQL over server-sent events, one connection for each. Clients that
 * name events among what they take, after JSON, want JSON (RFC 9110 §12.5.1).
 */
export function wantsEvents(http: KoaContext): boolean {
  return http.accepts('application/graphql-response+json', 'application/json', mediaType) === mediaType;
}

/** For requests that want JSON, which has no place for what comes later. @throws GraphQLError with the status 406 */
export function refuseSubscription(operation: OperationDefinitionNode | null | undefined): void {
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return;
  throw new GraphQLError(`subscriptions are answered as server-sent events: ask with Accept: ${mediaType}`, {
    extensions: { code: 'BAD_REQUEST', http: { status: 406 } },
  });
}

/** The parameters of a subscription that is asked for by GET. */
export function paramsOfQuery(query: string): { query: string; operationName?: string; variables?: unknown } {
  const given = new URLSearchParams(query);
  const operationName = given.get('operationName');
  const variables = given.get('variables');
  return {
    query: given.get('query') ?? '',
    ...(operationName !== null && { operationName }),
    ...(variables !== null && { variables: jsonOf(variables) }),
  };
}

/** @throws BodyRefused */
function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    refuseIllFormed(value);
    return value;
  } catch (error) {
    if (error instanceof BodyRefused) throw error;
    throw new BodyRefused(400, 'BAD_REQUEST', 'variables is not JSON');
  }
}

/** What the handler knows of a request. */
interface StreamContext extends ApiContext {
  readonly pace: ReaderPace;
}

/** Answers subscriptions as server-sent events (graphql-sse, "distinct connections mode"). */
export function eventStream(
  services: Services,
  schema: GraphQLSchema,
): (http: KoaContext, params: unknown) => Promise<void> {
  const handler = createHandler<unknown, StreamContext, Record<PropertyKey, unknown>>({
    // No streams that are kept between requests: each request is its own.
    authenticate: () => null,
    context: (request) => ({ ...request.context }),
    // Checked in `prepare`, with bounds of our own.
    validate: () => [],
    onSubscribe: (request, params) => prepare(schema, request.context, params),
    onNext: async (_context, { context }, result) => {
      await context.pace.begin();
      return masked(services, context, result);
    },
  });
  return async (http, params) => {
    const pace = new ReaderPace();
    const context = { ...(await createContext(services, http)), pace };
    // Each part of the server that follows the stream listens for its end once: more than the ten that Node takes for a leak.
    http.res.setMaxListeners(20);
    http.res.once('close', services.streamQuotas.open(context.principal, context.client.address));
    const [body, init] = await handler({
      method: 'POST',
      url: http.url,
      headers: { get: (name) => headers[name.toLowerCase()] ?? null },
      body: typeof params === 'object' && params !== null ? { ...params } : null,
      raw: http.req,
      context,
    });
    http.status = init.status;
    for (const [name, value] of Object.entries(init.headers ?? {})) http.set(name, value);
    if (body === null || typeof body === 'string') {
      http.body = body ?? '';
      return;
    }
    // Proxies must pass each event on as it comes.
    http.set('X-Accel-Buffering', 'no');
    http.set('Cache-Control', 'no-store');
    http.body = Readable.from(opened(body, pace), { objectMode: false });
  };
}

/** A comment first: who listens knows at once that it is heard, and not only with the first event. */
async function* opened(events: AsyncGenerator<string>, pace: ReaderPace): AsyncGenerator<string> {
  try {
    yield ':\n\n';
    for await (const event of events) {
      yield event;
      pace.taken();
    }
  } finally {
    pace.end();
    await events.return(undefined);
  }
}

/** As the handler wants them; what the request has said is known already. */
const headers: Readonly<Record<string, string>> = {
  accept: mediaType,
  'content-type': 'application/json; charset=utf-8',
};

type Prepared = (ExecutionArgs & { contextValue: Record<PropertyKey, unknown> }) | Response;

function prepare(schema: GraphQLSchema, context: ApiContext, params: RequestParams): Prepared {
  const { operationName, variables: variableValues } = params;
  try {
    const document: DocumentNode = parse(params.query, { maxTokens: 2000 });
    const errors = validate(schema, document, [...specifiedRules, documentLimits], { maxErrors: 10 });
    if (errors.length > 0) return refusal(errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
    const operation = getOperationAST(document, operationName);
    if (operation?.operation !== OperationTypeNode.SUBSCRIPTION)
      return refusal([withCode(new GraphQLError('only subscriptions are answered as events'), 'BAD_REQUEST')]);
    admit(schema, context, operation);
    return {
      schema,
      document,
      contextValue: { ...context },
      ...(operationName != null && { operationName }),
      ...(variableValues && { variableValues }),
    };
  } catch (error) {
    if (error instanceof GraphQLError) return refusal([withCode(error, 'GRAPHQL_PARSE_FAILED')]);
    throw error;
  }
}

/** As for any other root field: before it is resolved. @throws UNAUTHORIZED, DENIED */
function admit(schema: GraphQLSchema, context: ApiContext, { selectionSet }: OperationDefinitionNode): void {
  const type = schema.getSubscriptionType();
  const [field] = selectionSet.selections;
  // A field behind a fragment would be resolved without having been looked at here.
  if (!type || field?.kind !== Kind.FIELD) throw new GraphQLError('a subscription names its field without a fragment');
  if (type.getFields()[field.name.value]) checkCaller(context, type, field.name.value);
}

function withCode({ message, nodes, source, positions, extensions }: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code, ...extensions },
  });
}

function refusal(errors: readonly GraphQLError[]): Response {
  return [
    JSON.stringify({ errors: errors.map((error) => formatError(error.toJSON(), error)) }),
    { status: 400, statusText: 'Bad Request', headers: { 'content-type': 'application/json; charset=utf-8' } },
  ];
}

/** What goes wrong in an event is told as it is told in an answer. */
function masked(
  services: Services,
  { http }: ApiContext,
  result: ExecutionResult | ExecutionPatchResult,
): ExecutionResult | undefined {
  if (!result.errors || 'hasNext' in result) return undefined;
  reportErrors(services.logger, result.errors, requestIdOf(http));
  const errors = result.errors.map((error) => {
    const { message, path, extensions } = formatError(error.toJSON(), error);
    return new GraphQLError(message, { path: path ?? null, extensions: extensions ?? null });
  });
  return { data: null, errors };
}
