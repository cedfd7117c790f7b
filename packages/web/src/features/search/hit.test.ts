import { expect, test } from 'vitest';
import { hitOf } from './hit.ts';

test('a tag leads to the tags of its repository, filtered by it', () => {
  const repository = { id: '1', name: 'acme/app' };
  expect(hitOf({ __typename: 'FoundTag', id: '2', name: '1.4', repository }, 'alice')).toEqual({
    ...{ id: '2', kind: 'FoundTag', description: undefined },
    name: 'acme/app:1.4',
    to: '/repositories/acme/app/-/tags?search=1.4',
  });
});

test('robots of one’s own are found at one’s own address, others at their organization’s', () => {
  const robot = (login: string) => hitOf({ __typename: 'Robot', id: '1', login, description: null }, 'alice').to;
  expect(robot('alice+laptop')).toBe('/users/alice/robots/laptop');
  expect(robot('acme+ci')).toBe('/organizations/acme/robots/ci');
});
