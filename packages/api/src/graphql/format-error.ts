import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { DomainError, type ErrorCode } from '@escale/domain/errors';
import type { Logger } from '@escale/server-kit/logger';

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
  PRECONDITION_FAILED: 'PRECONDITION_FAILED',
  UNAVAILABLE: 'UNAVAILABLE',
  INPUT_INVALID: 'INPUT_INVALID',
  NOT_FOUND: 'NOT_FOUND',
  NAMESPACE_TAKEN: 'NAMESPACE_TAKEN',
  NAME_RESERVED: 'NAME_RESERVED',
  ROBOT_EXISTS: 'ROBOT_EXISTS',
  REPOSITORY_EXISTS: 'REPOSITORY_EXISTS',
  LAST_ADMIN: 'LAST_ADMIN',
  TOKEN_NOT_REVEALABLE: 'TOKEN_NOT_REVEALABLE',
} as const satisfies Record<ErrorCode, string>;

/** Codes that GraphQL's own checks give; their messages concern the document and may be told. */
const documentCodes = new Set([
  ...[
    'GRAPHQL_PARSE_FAILED',
    'GRAPHQL_VALIDATION_FAILED',
    'BAD_USER_INPUT',
    'BAD_REQUEST',
    'OPERATION_RESOLUTION_FAILURE',
  ],
  ...['COST_EXCEEDED'],
]);

/** Turns anything thrown into what a client may know; the unforeseen is logged here, once. */
export function errorFormatter(logger: Logger) {
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const { path, locations } = formatted;
    const place = { ...(path && { path }), ...(locations && { locations }) };
    const original = unwrapResolverError(error);
    if (original instanceof DomainError) {
      const { code, field, detail, message } = original;
      return {
        message,
        ...place,
        extensions: { code: codes[code], ...(field && { field }), ...(detail && { detail }) },
      };
    }
    const code = formatted.extensions?.['code'];
    if (typeof code === 'string' && documentCodes.has(code)) {
      // Class validators and scalars put the value into the message; a secret must not come back in an error.
      return { message: formatted.message.slice(0, 500), ...place, extensions: { code } };
    }
    const cause = original instanceof GraphQLError ? (original.originalError ?? original) : original;
    logger.error({ err: cause, path }, 'a resolver failed');
    return {
      message: 'something failed on our side; try again',
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    };
  };
}
