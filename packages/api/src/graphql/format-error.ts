import { GraphQLError, OperationTypeNode, type GraphQLFormattedError, type OperationDefinitionNode } from 'graphql';
import { DomainError, type ErrorCode } from '@escale/domain/errors';
import { connectionFailure, isConnectionFailure } from '@escale/schema/orm';
import type { Logger } from '@escale/server-kit/logger';
import { dateTimeForm } from './scalars.ts';

/** Code → `extensions.code`. One vocabulary with the registry; a forgotten code is a type error. */
const codes = {
  BLOB_UNKNOWN: 'NOT_FOUND',
  BLOB_UPLOAD_INVALID: 'INPUT_INVALID',
  BLOB_UPLOAD_UNKNOWN: 'NOT_FOUND',
  DIGEST_INVALID: 'INPUT_INVALID',
  MANIFEST_BLOB_UNKNOWN: 'NOT_FOUND',
  MANIFEST_INVALID: 'INPUT_INVALID',
  MANIFEST_UNKNOWN: 'NOT_FOUND',
  NAME_INVALID: 'NAME_INVALID',
  NAME_UNKNOWN: 'NAME_UNKNOWN',
  SIZE_INVALID: 'INPUT_INVALID',
  UNAUTHORIZED: 'UNAUTHORIZED',
  DENIED: 'DENIED',
  UNSUPPORTED: 'UNSUPPORTED',
  TOOMANYREQUESTS: 'TOOMANYREQUESTS',
  RANGE_INVALID: 'INPUT_INVALID',
  MANIFEST_TOO_LARGE: 'INPUT_INVALID',
  TAGS_TOO_MANY: 'INPUT_INVALID',
  PRECONDITION_FAILED: 'PRECONDITION_FAILED',
  UNAVAILABLE: 'UNAVAILABLE',
  TAG_IMMUTABLE: 'TAG_IMMUTABLE',
  INPUT_INVALID: 'INPUT_INVALID',
  PAGE_INVALID: 'BAD_USER_INPUT',
  NOT_FOUND: 'NOT_FOUND',
  NAMESPACE_TAKEN: 'NAMESPACE_TAKEN',
  NAME_RESERVED: 'NAME_RESERVED',
  ROBOT_EXISTS: 'ROBOT_EXISTS',
  REPOSITORY_EXISTS: 'REPOSITORY_EXISTS',
  LAST_ADMIN: 'LAST_ADMIN',
  TEAM_EXISTS: 'TEAM_EXISTS',
  MEMBER_EXISTS: 'MEMBER_EXISTS',
  DEFAULT_PERMISSION_EXISTS: 'DEFAULT_PERMISSION_EXISTS',
  TOKEN_NOT_REVEALABLE: 'TOKEN_NOT_REVEALABLE',
  FRESH_SIGN_IN_REQUIRED: 'FRESH_SIGN_IN_REQUIRED',
} as const satisfies Record<ErrorCode, string>;

/** The code with which clients are told of a refusal. */
export function clientCode({ code }: DomainError): string {
  return codes[code];
}

/** Codes that GraphQL's own checks give; their messages concern the document and may be told. */
const documentCodes = new Set([
  ...[
    'GRAPHQL_PARSE_FAILED',
    'GRAPHQL_VALIDATION_FAILED',
    'BAD_USER_INPUT',
    'BAD_REQUEST',
    'OPERATION_RESOLUTION_FAILURE',
  ],
  ...['COST_EXCEEDED', 'PERSISTED_QUERY_NOT_SUPPORTED'],
]);

/** Turns anything thrown into what a client may know. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { path, locations, extensions } = formatted;
  const place = { ...(path && { path }), ...(locations && { locations }) };
  const original = originalOf(error);
  if (original instanceof DomainError) {
    const { field, detail, message } = original;
    return {
      message,
      ...place,
      extensions: { code: clientCode(original), ...(field && { field }), ...(detail && { detail }) },
    };
  }
  const code = documentCode(extensions);
  if (code !== undefined) return { message: withoutValues(formatted.message), ...place, extensions: { code } };
  const requestId = extensions?.['requestId'];
  return { ...unforeseen(original, typeof requestId === 'string' ? requestId : undefined), ...place };
}

const messages = {
  away: 'what this service stands on does not answer at the moment; try again shortly',
  busy: 'this service has too much to do at the moment; try again shortly',
  unforeseen: 'something failed on our side; try again',
};

/** What is answered to what nobody foresaw; the id leads to the line in the log. */
export function unforeseen(
  error: unknown,
  requestId: string | undefined,
): { message: string; extensions: Record<string, unknown> } {
  return {
    message: messages[connectionFailure(error) ?? 'unforeseen'],
    extensions: { code: 'INTERNAL_SERVER_ERROR', ...(requestId !== undefined && { requestId }) },
  };
}

/** Logs what nobody foresaw, once, and gives it the id of its request to take along. */
export function reportErrors(logger: Logger, errors: readonly GraphQLError[], requestId: string): void {
  for (const error of errors) {
    if (originalOf(error) instanceof DomainError || documentCode(error.extensions) !== undefined) continue;
    Object.assign(error.extensions, { requestId });
    logger.error({ err: error.originalError ?? error, path: error.path, requestId }, 'a resolver failed');
  }
}

/** What was thrown, in a resolver or before any of them ran. */
function originalOf(error: unknown): unknown {
  return error instanceof GraphQLError ? (error.originalError ?? error) : error;
}

/**
 * Gives errors the status of their answer where it is another than GraphQL's own: 400 for a page that cannot be asked for (unless
 * a mutation has been made: then its answer is one), 503 while the database is away. Apollo takes it out of them.
 */
export function giveStatus(errors: readonly GraphQLError[], operation: OperationDefinitionNode | undefined): void {
  for (const error of errors) {
    // The one that ends a list of wrong variables comes without a code.
    if (error.message.startsWith('Too many errors processing variables'))
      Object.assign(error.extensions, { code: 'BAD_USER_INPUT' });
    const status = statusOf(error, operation);
    if (status !== undefined) Object.assign(error.extensions, { http: { status } });
  }
}

function statusOf(error: GraphQLError, operation: OperationDefinitionNode | undefined): number | undefined {
  const original = originalOf(error);
  if (isConnectionFailure(original)) return 503;
  if (error.extensions['code'] === 'PERSISTED_QUERY_NOT_SUPPORTED') return 400;
  const hasRun = error.path !== undefined && operation?.operation === OperationTypeNode.MUTATION;
  return original instanceof DomainError && original.code === 'PAGE_INVALID' && !hasRun ? 400 : undefined;
}

function documentCode(extensions: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const code = extensions?.['closerCode'] ?? extensions?.['code'];
  return typeof code === 'string' && documentCodes.has(code) ? code : undefined;
}

/**
 * What GraphQL says of a document, without the values that came along (a secret must not come back in an error) and without
 * names of types and suggestions (G10).
 */
function withoutValues(message: string): string {
  const [, variable] = /^Variable "\$(\w{1,64})" (?:got invalid value|of )/.exec(message) ?? [];
  if (variable === undefined) {
    const untyped = message.replace(/ (?:on|of|for)(?: required)? type "[^"]*"/g, '').replace(/"\w+\.(\w+)"/g, '"$1"');
    return untyped.slice(0, 300);
  }
  const [, place = variable] = / at "([\w.[\]]{1,128})"; /.exec(message) ?? [];
  const [, missing] = /Field "(\w{1,64})" of required type "[^"]*" was not provided\.$/.exec(message) ?? [];
  if (missing !== undefined) return `the variable ${place} lacks its field ${missing}`;
  const form = message.endsWith(dateTimeForm) ? `: ${dateTimeForm}` : '';
  return `the variable ${place} is missing, or its value is not of the type that the schema names${form}`;
}
