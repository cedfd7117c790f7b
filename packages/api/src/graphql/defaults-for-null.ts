import { getNamedType, isInputObjectType, type GraphQLInputType } from 'graphql';
import type { MiddlewareFn } from 'type-graphql';
import type { ApiContext } from './context.ts';

/**
 * Null in an argument or an input field that has a default stands for the default. Clients send null for what they leave out,
 * and GraphQL fills in a default only where nothing is given.
 */
export const defaultsForNull: MiddlewareFn<ApiContext> = ({ info, args }, next) => {
  const values: Record<string, unknown> = args;
  for (const name in values) {
    const known = info.parentType.getFields()[info.fieldName]?.args.find((argument) => argument.name === name);
    if (!known) continue;
    if (values[name] === null && known.defaultValue !== undefined) values[name] = known.defaultValue;
    else fillIn(known.type, values[name]);
  }
  return next();
};

function fillIn(type: GraphQLInputType, value: unknown): void {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const each of value as unknown[]) fillIn(type, each);
    return;
  }
  const given = value as Record<string, unknown>;
  for (const field of Object.values(named.getFields())) {
    if (given[field.name] === null && field.defaultValue !== undefined) given[field.name] = field.defaultValue;
    else fillIn(field.type, given[field.name]);
  }
}
