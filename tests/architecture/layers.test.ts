import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root, sourceFiles } from './imports.ts';
import { mayImport, violationsIn } from './layers.ts';

const files = await sourceFiles();

test('no import goes against the arrows between the packages', () => {
  expect(files.length).toBeGreaterThan(150);
  expect(files.flatMap((file) => violationsIn(file))).toEqual([]);
});

test.each([
  ['packages/domain/src/robots/create-robot.ts', `import Koa from 'koa';`],
  ['packages/domain/src/robots/create-robot.ts', `import { createApp } from '@escale/registry/app';`],
  ['packages/schema/src/values/role.ts', `export * from '../entities/user.ts';`],
  ['packages/schema/src/entities/user.ts', `import { createOrm } from '../orm.ts';`],
  ['packages/registry/src/blobs/get-blob.ts', `const azure = await import('@azure/storage-blob');`],
  ['packages/api/src/app.ts', `import KeycloakConnect from 'keycloak-connect';`],
  ['packages/api/src/app.ts', `import { startPostgres } from '@escale/cli/embedded';`],
  ['packages/web/src/main.ts', `import { User } from '@escale/schema/entities';`],
  [
    'packages/web/src/ui/AppPage.vue',
    `<script setup lang="ts">import A from '../features/home/HomePage.vue';</script>`,
  ],
  ['tests/e2e/walk.test.ts', `import { createVault } from '@escale/domain/credentials';`],
])('%s must not say: %s', (file, text) => {
  expect(violationsIn(file, text)).toHaveLength(1);
});

test('package.json files name no package of ours that the arrows forbid', () => {
  for (const [name, allowed] of Object.entries(mayImport)) {
    const manifest = JSON.parse(readFileSync(path.join(root, `packages/${name}/package.json`), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    const ours = Object.keys(manifest.dependencies ?? {}).filter((dependency) => dependency.startsWith('@escale/'));
    expect(ours.filter((dependency) => !allowed.includes(dependency))).toEqual([]);
  }
});

test('the environment is read where a program begins, and nowhere else', () => {
  const readers = files.filter(
    (file) =>
      file.startsWith('packages/') &&
      !file.endsWith('.test.ts') &&
      /process\.env\b/.test(readFileSync(path.join(root, file), 'utf8')),
  );
  expect(readers).toEqual(['packages/cli/src/main.ts', 'packages/schema/src/mikro-orm.config.ts']);
});

test('every folder and file has a name that says what it is', () => {
  expect(files.filter((file) => /(?:^|\/)(?:utils?|helpers?|common|misc)(?:\/|\.)/.test(file))).toEqual([]);
});
