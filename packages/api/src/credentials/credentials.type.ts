import { Field, ObjectType } from 'type-graphql';
import type { ApiContext } from '../graphql/context.ts';
import { credentialArtifacts } from './credential-artifacts.ts';

@ObjectType({
  description:
    'kind: DOCKER_LOGIN, PODMAN_LOGIN, HELM_LOGIN, DOCKER_CONFIG, KUBERNETES_SECRET, GITHUB_ACTIONS, GITLAB_CI.',
})
export class CredentialArtifact {
  @Field(() => String)
  kind!: string;

  @Field(() => String, { nullable: true, description: 'What to call it, where it is a file.' })
  filename?: string | undefined;

  @Field(() => String, { description: 'The file, or the line itself.' })
  content!: string;

  @Field(() => [String], { description: 'What to run, in order.' })
  commands!: readonly string[];
}

@ObjectType({ description: 'Everything a person pastes after creating or showing a token.' })
export class Credentials {
  @Field(() => String)
  username!: string;

  @Field(() => String)
  password!: string;

  @Field(() => String)
  server!: string;

  @Field(() => [CredentialArtifact])
  artifacts!: readonly CredentialArtifact[];
}

/** An answer with a secret in it must not stay anywhere on its way. */
export function credentialsOf(
  { services, http }: ApiContext,
  { username, password, title }: { username: string; password: string; title: string },
): Credentials {
  http.set('Cache-Control', 'no-store');
  const server = new URL(services.config.externalUrl).host;
  return { username, password, server, artifacts: credentialArtifacts({ username, password, server, title }) };
}
