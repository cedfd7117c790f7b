// @ts-check
import js from '@eslint/js';
import { defineConfigWithVueTs, vueTsConfigs } from '@vue/eslint-config-typescript';
import prettier from 'eslint-config-prettier';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';
import { transactions } from './scripts/lint-transactions.mjs';

const server = ['packages/{schema,domain,server-kit,registry,api,cli}/src/**/*.ts', 'infra/**/*.ts', 'tests/**/*.ts'];

export default defineConfigWithVueTs(
  {
    ignores: [
      '**/dist/**',
      '**/generated/**',
      'packages/schema/src/migrations/Migration*',
      'packages/web/components.d.ts',
      'packages/web/*.ts',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  { files: ['scripts/**', '*.js'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
  {
    files: server,
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // `??=` promises and void-returning arrows read better without braces around every line.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Koa and Node await nothing, and are given functions that do.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      // GraphQL reads fields by name: an entity stands for its type without being an instance of it.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Methods of an interface may be asynchronous in one store and immediate in another.
      '@typescript-eslint/require-await': 'off',
      // A class may be all decorators: that is what GraphQL types and ORM entities are.
      '@typescript-eslint/no-extraneous-class': 'off',
      // `||` is meant where an empty text counts as none.
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
      // Index signatures are read with brackets on purpose (noPropertyAccessFromIndexSignature).
      '@typescript-eslint/dot-notation': 'off',
      // A union that a database or a library widens at run time is worth a check that types call needless.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
  {
    files: ['packages/{schema,domain,registry,api,cli}/src/**/*.ts'],
    ignores: ['packages/domain/src/in-transaction.ts', '**/*.test.ts', '**/testing/**'],
    plugins: { transactions },
    rules: { 'transactions/only-in-transaction': 'error', 'transactions/no-outer-context': 'error' },
  },
  {
    files: ['packages/web/src/**/*.{ts,vue}'],
    extends: [vue.configs['flat/recommended'], vueTsConfigs.strict],
    rules: {
      // Optional properties mean "absent", which is what `undefined` says.
      'vue/require-default-prop': 'off',
      'vue/multi-word-component-names': 'error',
      'vue/no-v-html': 'error',
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
    },
  },
  prettier,
);
