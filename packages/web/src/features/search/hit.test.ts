import { expect, test } from 'vitest';
import { hitOf, splitTag, withTag } from './hit.ts';

test('a tag behind a repository is no part of the repository’s name', () => {
  expect(splitTag('acme/app:1.4')).toEqual({ text: 'acme/app', tag: '1.4' });
  expect(splitTag(' acme/app: ')).toEqual({ text: 'acme/app', tag: undefined });
  expect(splitTag('acme')).toEqual({ text: 'acme', tag: undefined });
});

test('a repository found by its tag leads to that tag', () => {
  const found = {
    __typename: 'Repository',
    id: '1',
    name: 'acme/app',
    visibility: 'PRIVATE',
    description: '',
  } as const;
  expect(withTag(hitOf(found, 'alice'), '1.4')).toMatchObject({
    name: 'acme/app:1.4',
    to: '/repositories/acme/app/-/tags?q=1.4',
  });
});

test('robots of one’s own are found at one’s own address, others at their organization’s', () => {
  const robot = (login: string) => hitOf({ __typename: 'Robot', id: '1', login, description: null }, 'alice').to;
  expect(robot('alice+laptop')).toBe('/users/alice/robots/laptop');
  expect(robot('acme+ci')).toBe('/organizations/acme/robots/ci');
});
