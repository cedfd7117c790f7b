import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'vue/compiler-sfc';
import { describe, expect, test } from 'vitest';
import en from './en.json';

const source = path.dirname(import.meta.dirname);
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(?:vue|ts)$/.test(file));
const read = (file: string) => readFileSync(path.join(source, file), 'utf8');

/** Attributes that a person reads or hears. */
const spoken = new Set(['title', 'label', 'placeholder', 'aria-label', 'alt', 'description', 'hint', 'help', 'text']);

interface Node {
  readonly type: number;
  readonly content?: string | Node;
  readonly children?: readonly Node[];
  readonly branches?: readonly Node[];
  readonly props?: readonly {
    readonly type: number;
    readonly name: string;
    readonly value?: { readonly content: string };
  }[];
}

const text = 2;
const attribute = 6;

/** Words that a template says by itself instead of asking the catalogue for them. */
function literals(node: Node): string[] {
  const own =
    node.type === text && typeof node.content === 'string' && /\p{L}/u.test(node.content) ? [node.content.trim()] : [];
  const said = (node.props ?? []).flatMap(({ type, name, value }) =>
    type === attribute && spoken.has(name) && value && /\p{L}/u.test(value.content)
      ? [`${name}="${value.content}"`]
      : [],
  );
  return [...own, ...said, ...[...(node.children ?? []), ...(node.branches ?? [])].flatMap(literals)];
}

describe.each(files.filter((file) => file.endsWith('.vue')))('%s', (file) => {
  test('has no text of its own in its template', () => {
    const { descriptor } = parse(read(file));
    expect(descriptor.template?.ast ? literals(descriptor.template.ast as unknown as Node) : []).toEqual([]);
  });
});

test('every text that the code names is in the catalogue, and nothing else is', () => {
  const keys = new Set<string>();
  const collect = (messages: object, prefix = '') => {
    for (const [key, value] of Object.entries(messages)) {
      if (typeof value === 'string') keys.add(`${prefix}${key}`);
      else collect(value as object, `${prefix}${key}.`);
    }
  };
  collect(en);
  const code = files
    .filter((file) => !file.includes('.test.') && !file.includes('generated'))
    .map(read)
    .join('\n');
  const named = new Set([...code.matchAll(/'((?:[a-z]\w*\.)+\w+)'/g)].map(([, key]) => key ?? ''));
  const composed = [...code.matchAll(/`((?:[a-z]\w*\.)+)\$\{/g)].map(([, prefix]) => prefix ?? '');
  const groups = new Set(Object.keys(en));
  const unknown = [...named].filter((key) => groups.has(key.split('.')[0] ?? '') && !keys.has(key));
  expect(unknown).toEqual([]);
  const unused = [...keys].filter((key) => !named.has(key) && !composed.some((prefix) => key.startsWith(prefix)));
  expect(unused).toEqual([]);
});
