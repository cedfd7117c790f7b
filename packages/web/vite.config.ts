import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import ui from '@nuxt/ui/vite';
import vue from '@vitejs/plugin-vue';
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
    policyHashes(),
  ],
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
