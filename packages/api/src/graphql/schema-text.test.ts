import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { buildSchema as parseSchema, isEnumType, isInputObjectType, isObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { buildSchema } from './build-schema.ts';
import { schemaText } from './schema-text.ts';

const file = path.join(import.meta.dirname, '..', '..', 'schema.graphql');

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

  test('has no field that would hold a secret outside what is shown once', async () => {
    const types = Object.values((await buildSchema()).getTypeMap());
    const fields = types
      .filter(
        (type) =>
          isObjectType(type) &&
          type.name !== 'Credentials' &&
          type.name !== 'CreateApiTokenPayload' &&
          !type.name.startsWith('__'),
      )
      .flatMap((type) =>
        isObjectType(type) ? Object.keys(type.getFields()).map((name) => `${type.name}.${name}`) : [],
      );
    expect(fields).toContain('ApplicationToken.title');
    // What a manifest points at, and nobody's identity at the provider.
    fields.splice(fields.indexOf('Manifest.subject'), 1);
    expect(
      fields.filter((name) => /\.(password|secret|plain|mac|sealed|hash|idToken|subject|issuer)$/i.test(name)),
    ).toEqual([]);
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
