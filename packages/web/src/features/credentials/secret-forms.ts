import type { PasteableFragment } from '../../graphql/generated/graphql.ts';

/**
 * Every form in which a password stands in what is pasted: as it is, in the `auth` of docker's configuration, and in a
 * Kubernetes secret, which is that configuration in base64. All of them are ASCII.
 */
export function secretForms({ username, password, artifacts }: PasteableFragment): readonly string[] {
  const configuration = artifacts.find(({ kind }) => kind === 'DOCKER_CONFIG');
  return [...(configuration ? [btoa(configuration.content)] : []), btoa(`${username}:${password}`), password];
}
