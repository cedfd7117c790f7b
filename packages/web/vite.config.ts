import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import ui from '@nuxt/ui/vite';
import { formatDocument } from '@urql/core';
import vue from '@vitejs/plugin-vue';
import { print, type DocumentNode } from 'graphql';
import colors from 'tailwindcss/colors';
import { defineConfig, type Plugin } from 'vite';

const palette = {
  primary: 'blue',
  secondary: 'blue',
  success: 'green',
  info: 'blue',
  warning: 'amber',
  error: 'red',
  neutral: 'zinc',
};

export default defineConfig({
  plugins: [
    vue(),
    ui({
      autoImport: false,
      components: { dts: 'components.d.ts' },
      // Icons are bundled: without this they would be fetched from a public host while the console runs.
      icon: { clientBundle: { scan: { globInclude: ['src/**/*.{vue,ts}'] } } },
      ui: {
        colors: palette,
        button: {
          defaultVariants: { size: 'md' },
          // The library makes a button paler under the mouse, too pale for its text.
          compoundVariants: [
            {
              color: 'primary' as const,
              variant: 'solid' as const,
              class: 'hover:bg-primary-800 active:bg-primary-800 dark:hover:bg-primary-300 dark:active:bg-primary-300',
            },
            {
              color: 'error' as const,
              variant: 'solid' as const,
              class: 'hover:bg-error-800 active:bg-error-800 dark:hover:bg-error-300 dark:active:bg-error-300',
            },
          ],
        },
        modal: { slots: { overlay: 'fixed inset-0 bg-zinc-950/50' } },
      },
    }),
    trustedDocuments(),
    policyHashes(),
    compressed(),
  ],
  define: {
    // What of vue-i18n is not used here is left out.
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: { sourcemap: false, target: 'es2023', chunkSizeWarningLimit: 900 },
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/auth', '/v2', '/realms', '/health'].map((at) => [at, 'http://localhost:8080']),
    ),
  },
});

/**
 * The component library puts two constant style elements into the page; the server's content security policy allows exactly
 * these, by their hashes. They are computed here as the library computes the elements: a browser test fails when they differ.
 */
function policyHashes(): Plugin {
  return {
    name: 'escale:policy-hashes',
    apply: 'build',
    async writeBundle({ dir = 'dist' }) {
      const styleHashes = [colorVariables(), noTransitions].map(
        (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`,
      );
      await writeFile(path.join(dir, 'csp.json'), JSON.stringify({ styleHashes }));
    },
  };
}

const shades = [50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 950] as const;

/** What the library's colour plugin writes for a palette. */
function colorVariables(): string {
  const entries = Object.entries(palette);
  const shadesOf = (key: string, value: string) =>
    shades
      .map((shade) => {
        const name = value === 'neutral' ? 'old-neutral' : value;
        const fallback = (colors as unknown as Record<string, Record<number, string>>)[value]?.[shade] ?? '';
        return `--ui-color-${key}-${String(shade)}: var(--color-${name}-${String(shade)}, ${fallback});`;
      })
      .join('\n  ');
  const named = entries.filter(([key]) => key !== 'neutral');
  const chosen = (shade: number) =>
    named.map(([key]) => `--ui-${key}: var(--ui-color-${key}-${String(shade)});`).join('\n  ');
  return `@layer theme {
  :root, :host {
  ${entries.map(([key, value]) => shadesOf(key, value)).join('\n  ')}
  }
  :root, :host, .light {
  ${chosen(500)}
  }
  .dark {
  ${chosen(400)}
  }
}`;
}

/** Set for a moment while the colour scheme changes. */
const noTransitions =
  '*,*::before,*::after{-webkit-transition:none!important;-moz-transition:none!important;-o-transition:none!important;-ms-transition:none!important;transition:none!important}';

const generated = path.resolve(import.meta.dirname, 'src/graphql/generated/graphql.ts');
const apart = '\0escale:document/';

/** A document of the console as it is sent: its text, and the name that it has in a build, which is the hash of the text. */
interface TrustedDocument {
  readonly id: string;
  readonly text: string;
}

function readDocuments(): Map<string, TrustedDocument> {
  const declared = readFileSync(generated, 'utf8').matchAll(
    /^export const (\w+Document) = (.+) as unknown as DocumentNode<.+>;$/gm,
  );
  return new Map(
    [...declared].map(([, name = '', written = '']) => {
      // With the `__typename` that the client's cache goes by, which it would otherwise put there itself.
      const text = print(formatDocument(JSON.parse(written) as DocumentNode));
      return [name, { text, id: createHash('sha256').update(text).digest('hex') }];
    }),
  );
}

/**
 * A build sends no documents but their ids, and writes a list of them, `documents.json`, from which the server takes the texts
 * (G15). Each is a module of its own, so that a page carries only those that it sends; while developing, documents are
 * sent as they are.
 */
function trustedDocuments(): Plugin {
  let known = new Map<string, TrustedDocument>();
  return {
    name: 'escale:trusted-documents',
    apply: 'build',
    enforce: 'post',
    buildStart() {
      known = readDocuments();
    },
    resolveId: (id) => (id.startsWith('escale:document/') ? { id: `\0${id}`, moduleSideEffects: false } : undefined),
    load: (id) => {
      if (!id.startsWith(apart)) return undefined;
      const name = id.slice(apart.length);
      const documentId = known.get(name)?.id;
      if (documentId === undefined) throw new Error(`${name} is no document; run codegen`);
      return `export const ${name} = ${JSON.stringify({ kind: 'Document', definitions: [], documentId })};`;
    },
    transform: (code, id) => {
      if (id.includes('node_modules') || !code.includes('graphql/generated/graphql.ts')) return undefined;
      return code.replaceAll(
        /import\s*\{([^}]*)\}\s*from\s*["'][^"']*graphql\/generated\/graphql\.ts["'];?/g,
        (_, names: string) =>
          names
            .split(',')
            .map((name) => name.trim())
            .filter((name) => name !== '')
            .map((name) => `import { ${name} } from 'escale:document/${name}';`)
            .join(' '),
      );
    },
    async writeBundle({ dir = 'dist' }) {
      const texts = Object.fromEntries([...known.values()].map(({ id, text }) => [id, text]));
      await writeFile(path.join(dir, 'documents.json'), JSON.stringify(texts));
    },
  };
}

/** Everything that is text is also there compressed, as tightly as it goes: the server only has to choose. */
function compressed(): Plugin {
  return {
    name: 'escale:compressed',
    apply: 'build',
    async closeBundle() {
      const folder = path.resolve(import.meta.dirname, 'dist');
      const files = await readdir(folder, { recursive: true });
      for (const file of files.filter((name) => /\.(?:js|css|svg|html)$/.test(name))) {
        const bytes = await readFile(path.join(folder, file));
        await writeFile(path.join(folder, `${file}.gz`), await promisify(gzip)(bytes, { level: 9 }));
        await writeFile(path.join(folder, `${file}.br`), await promisify(brotliCompress)(bytes));
      }
    },
  };
}
