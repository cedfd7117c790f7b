import { Field, ObjectType } from 'type-graphql';
import type { ApiContext } from '../graphql/context.ts';
import { credentialArtifacts } from './credential-artifacts.ts';

@ObjectType({
  description:
    'A login in a form that one pastes or saves. kind: DOCKER_LOGIN, PODMAN_LOGIN, HELM_LOGIN, DOCKER_CONFIG, KUBERNETES_SECRET, GITHUB_ACTIONS, GITLAB_CI.',
})
export class CredentialArtifact {
  @Field(() => String, { description: 'Which of them it is.' })
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
  @Field(() => String, { description: '`$app`, or the login of a robot.' })
  username!: string;

  @Field(() => String, { description: 'The token itself.' })
  password!: string;

  @Field(() => String, { description: 'What clients write before a repository name.' })
  server!: string;

  @Field(() => [CredentialArtifact], { description: 'Lines and files, one of each kind.' })
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
