import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';

export type Argument = GraphQLArgument | GraphQLInputField;

/** Some value that an argument takes. */
export function sample(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return sample(type.ofType);
  if (isListType(type)) return [sample(type.ofType)];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (isInputObjectType(type)) return {};
  return { Int: 1, Boolean: true, DateTime: '2027-01-31T12:00:00Z' }[type.name] ?? 'x';
}

export const variable = (name: string, type: GraphQLInputType) => `$${name}: ${String(type)}`;

/** So many of a field that a request may ask at once. */
const atOnce = 10;

export function inParts<Value>(values: readonly Value[]): Value[][] {
  return Array.from({ length: Math.ceil(values.length / atOnce) }, (_, part) =>
    values.slice(part * atOnce, (part + 1) * atOnce),
  );
}

/** The field, once for each value of the argument, with its other required arguments. */
export function calls(field: GraphQLField<unknown, unknown>, argument: GraphQLArgument, values: readonly unknown[]) {
  const others = field.args.filter((other) => other !== argument && isRequiredArgument(other));
  const given = others.map(({ name }) => `, ${name}: $${name}`).join('');
  const selection = isLeafType(getNamedType(field.type)) ? '' : ' { __typename }';
  const each = values.map((value, index) => ({ name: `v${String(index)}`, value, alias: `a${String(index)}` }));
  return {
    text: each
      .map(({ name, alias }) => `${alias}: ${field.name}(${argument.name}: $${name}${given})${selection}`)
      .join(' '),
    defined: [
      ...each.map(({ name }) => variable(name, argument.type)),
      ...others.map(({ name, type }) => variable(name, type)),
    ].join(', '),
    variables: {
      ...Object.fromEntries(each.map(({ name, value }) => [name, value])),
      ...Object.fromEntries(others.map(({ name, type }) => [name, sample(type)])),
    },
  };
}

/** Names of things of a scene, by which types are reached. */
export interface SceneNames {
  readonly organization: string;
  readonly repository: string;
  readonly team: string;
  readonly robot: string;
  readonly digest: string;
}

/** How each type with arguments is reached. */
export const places: Readonly<Record<string, (field: string, names: SceneNames) => string>> = {
  Query: (field) => field,
  User: (field) => `viewer { ${field} }`,
  Organization: (field, names) => `organization(name: "${names.organization}") { ${field} }`,
  Repository: (field, names) => `repository(name: "${names.repository}") { ${field} }`,
  Team: (field, names) => `organization(name: "${names.organization}") { team(name: "${names.team}") { ${field} } }`,
  Robot: (field, names) => `organization(name: "${names.organization}") { robot(name: "${names.robot}") { ${field} } }`,
  Manifest: (field, names) =>
    `repository(name: "${names.repository}") { manifest(digest: "${names.digest}") { ${field} } }`,
};

const elsewhere = ['Mutation', 'Subscription'];
/** An argument of a field that is asked, not changed. */
export interface Question {
  readonly what: string;
  readonly type: GraphQLObjectType;
  readonly field: GraphQLField<unknown, unknown>;
  readonly argument: GraphQLArgument;
}

/** Every argument of every type but mutations and subscriptions. */
export const questionsOf = (schema: GraphQLSchema): Question[] =>
  Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__') && !elsewhere.includes(type.name)
      ? Object.values(type.getFields()).flatMap((field) =>
          field.args.map((argument) => ({
            what: `${type.name}.${field.name}.${argument.name}`,
            type,
            field,
            argument,
          })),
        )
      : [],
  );

/** Every mutation with the type of its input. */
export const mutationsOf = (schema: GraphQLSchema): { readonly name: string; readonly type: GraphQLInputType }[] =>
  Object.values(schema.getMutationType()?.getFields() ?? {}).flatMap(({ name, args: [argument] }) =>
    argument ? [{ name, type: argument.type }] : [],
  );

/** The places of an input that hold a value of one of these scalars, as paths. */
export function leafPaths(
  type: GraphQLInputType,
  scalars: readonly string[],
  path: readonly string[] = [],
): string[][] {
  const named = getNamedType(type);
  if (isInputObjectType(named))
    return Object.values(named.getFields()).flatMap((field) => leafPaths(field.type, scalars, [...path, field.name]));
  return scalars.includes(named.name) ? [[...path]] : [];
}

/** The input with another value at a place; a choice keeps that one alone. */
export function withValue(input: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return Array.isArray(input) && !Array.isArray(value) ? [value] : value;
  if (Array.isArray(input)) return input.map((one) => withValue(one, [step, ...rest], value));
  const known = (input ?? {}) as Record<string, unknown>;
  return {
    ...(step in known || rest.length > 0 || !('robot' in known || 'team' in known) ? known : {}),
    [step]: withValue(known[step], rest, value),
  };
}
