import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  buildSchema as parseSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  getNamedType,
  isSpecifiedScalarType,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { buildSchema } from './build-schema.ts';
import { schemaText } from './schema-text.ts';

const file = path.join(import.meta.dirname, '..', '..', 'schema.graphql');

interface Part {
  /** `Type`, `Type.field`, `Type.field.argument`, `ENUM.VALUE`. */
  readonly path: string;
  readonly description: string | null | undefined;
  /** Of what type it is; `value` of an enum; nothing for a type. */
  readonly holds: string | undefined;
}

interface Named {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly type?: GraphQLInputType | GraphQLOutputType;
}

function part({ name, description, type }: Named, above = ''): Part {
  return { path: above + name, description, holds: type && getNamedType(type).name };
}

/** Whatever has a name in our schema. */
function namedParts(schema: GraphQLSchema): Part[] {
  const own = Object.values(schema.getTypeMap()).filter(
    (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
  );
  return own.flatMap((type): Part[] => {
    const within = `${type.name}.`;
    const itself = { ...part(type), holds: undefined };
    if (isEnumType(type))
      return [itself, ...type.getValues().map((value) => ({ ...part(value, within), holds: 'value' }))];
    if (isInputObjectType(type))
      return [itself, ...Object.values(type.getFields()).map((field) => part(field, within))];
    if (!(isObjectType(type) || isInterfaceType(type))) return [itself];
    return [
      itself,
      ...Object.values(type.getFields()).flatMap((field) => [
        part(field, within),
        ...field.args.map((argument) => part(argument, `${within}${field.name}.`)),
      ]),
    ];
  });
}

describe('schema.graphql', () => {
  test('is what the code says; `pnpm --filter @escale/api schema` writes it', async () => {
    expect(await readFile(file, 'utf8')).toBe(await schemaText());
  });

  test('is a schema that other tools can read', async () => {
    const read = parseSchema(await readFile(file, 'utf8'));
    expect(read.getQueryType()?.name).toBe('Query');
  });

  test('takes one input for each mutation and answers with a payload named after it', async () => {
    const fields = Object.values((await buildSchema()).getMutationType()?.getFields() ?? {});
    expect(fields.length).toBeGreaterThan(0);
    for (const { name, args, type } of fields) {
      const title = name.replace(/^./, (letter) => letter.toUpperCase());
      expect(args.map((arg) => `${arg.name}: ${String(arg.type)}`)).toEqual([`input: ${title}Input!`]);
      expect(String(type)).toBe(`${title}Payload!`);
    }
  });

  test('describes every type, field, argument and value: it is the reference documentation', async () => {
    const described = namedParts(await buildSchema());
    expect(described.length).toBeGreaterThan(500);
    expect(described.filter(({ description }) => !description?.trim()).map(({ path }) => path)).toEqual([]);
  });

  test('holds and filters by no secret but what is shown once (T18)', async () => {
    const secretive = namedParts(await buildSchema())
      .filter(({ holds }) => holds !== undefined && ['String', 'ID', 'JSON', 'value'].includes(holds))
      .map(({ path }) => path)
      .filter((path) => /(?:pass|secret|hash|salt|token|mac\b|sealed|plain|issuer)[^.]*$/i.test(path));
    expect(secretive).toMatchInlineSnapshot(`
      [
        "CreateApiTokenPayload.secret",
        "Credentials.password",
        "RevealRobotTokenInput.token",
        "RotateRobotTokenInput.token",
        "RevokeRobotTokenPayload.token",
        "RevokeRobotTokenInput.token",
      ]
    `);
  });

  test('names enums in capitals, and inputs of a choice as such', async () => {
    const schema = await buildSchema();
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isEnumType(type) || type.name.startsWith('__')) continue;
      for (const { name } of type.getValues()) expect(name).toMatch(/^[A-Z_]+$/);
    }
    const grantee = schema.getType('GranteeInput');
    expect(isInputObjectType(grantee) && grantee.isOneOf).toBe(true);
  });
});
