import { expect, test } from 'vitest';
import { secretForms } from './secret-forms.ts';

const login = { username: 'acme+ci', password: 'esc_rob_1234', server: 'registry.example.org' };
const auth = Buffer.from('acme+ci:esc_rob_1234').toString('base64');
const configuration = JSON.stringify({ auths: { 'registry.example.org': { auth, email: '' } } }, undefined, 2);

test('a password is known as it is, in docker’s configuration and in a Kubernetes secret', () => {
  const artifacts = [{ kind: 'DOCKER_CONFIG', content: configuration, filename: 'ci-auth.json', commands: [] }];
  expect(secretForms({ ...login, artifacts })).toEqual([
    Buffer.from(configuration).toString('base64'),
    auth,
    'esc_rob_1234',
  ]);
  expect(secretForms({ ...login, artifacts: [] })).toEqual([auth, 'esc_rob_1234']);
});
