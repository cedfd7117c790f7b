import { expect, test } from 'vitest';
import { roleChanges } from './role-changes.ts';

test('what was ticked, changed and unticked becomes one list of changes; what stays is not in it', () => {
  expect(
    roleChanges(
      { 'acme/app': 'READ', 'acme/web': 'WRITE', 'acme/old': 'ADMIN' },
      { 'acme/app': 'READ', 'acme/web': 'ADMIN', 'acme/new': 'READ' },
    ),
  ).toEqual([
    { repository: 'acme/web', role: 'ADMIN' },
    { repository: 'acme/new', role: 'READ' },
    { repository: 'acme/old', role: null },
  ]);
  expect(roleChanges({}, {})).toEqual([]);
});
