/** Everything a person pastes after a token was made or shown. */
export interface CredentialArtifact {
  readonly kind: string;
  readonly filename?: string | undefined;
  readonly content: string;
  readonly commands: readonly string[];
}

interface Login {
  readonly username: string;
  readonly password: string;
  /** Host and port, as clients write it before a repository name. */
  readonly server: string;
  /** What files and secrets are called after: a token's title, or a robot's login. */
  readonly title: string;
}

/** Single quotes, in which a POSIX shell expands nothing: not the `$` of `$app`. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A name that Kubernetes takes (RFC 1123 label, at most 63 characters with the suffix), whatever the title. */
export function kubernetesName(title: string, suffix: string): string {
  const plain = title
    .normalize('NFKD')
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .toLowerCase()
    .replace(/^-+|-+$/g, '')
    .slice(0, 63 - suffix.length)
    .replace(/-+$/, '');
  return `${plain || 'escale'}${suffix}`;
}

/** The ready-to-paste forms of a login, made in this one place for application tokens and robots alike. */
export function credentialArtifacts(login: Login): CredentialArtifact[] {
  const { username, password, server } = login;
  const prefix = kubernetesName(login.title, '');
  const as = `-u=${shellQuoted(username)} -p=${shellQuoted(password)}`;
  const dockerConfig = dockerConfigJson(login);
  const secretName = kubernetesName(login.title, '-pull-secret');
  return [
    {
      kind: 'DOCKER_LOGIN',
      content: `docker login ${as} ${server}`,
      commands: [
        `docker login ${as} ${server}`,
        `printf '%s' ${shellQuoted(password)} | docker login -u ${shellQuoted(username)} --password-stdin ${server}`,
      ],
    },
    {
      kind: 'KUBERNETES_SECRET',
      filename: `${prefix}-secret.yml`,
      content: kubernetesSecret(secretName, dockerConfig),
      commands: [
        `kubectl create -f ${prefix}-secret.yml --namespace=NAMESPACEHERE`,
        podSample(secretName, server),
        `kubectl patch serviceaccount default -p ${shellQuoted(JSON.stringify({ imagePullSecrets: [{ name: secretName }] }))} --namespace=NAMESPACEHERE`,
      ],
    },
    { kind: 'PODMAN_LOGIN', content: `podman login ${as} ${server}`, commands: [`podman login ${as} ${server}`] },
    {
      kind: 'HELM_LOGIN',
      content: `helm registry login -u ${shellQuoted(username)} -p ${shellQuoted(password)} ${server}`,
      commands: [`helm registry login -u ${shellQuoted(username)} -p ${shellQuoted(password)} ${server}`],
    },
    {
      kind: 'DOCKER_CONFIG',
      filename: `${prefix}-auth.json`,
      content: dockerConfig,
      commands: [`mv ${prefix}-auth.json ~/.docker/config.json`],
    },
    { kind: 'GITHUB_ACTIONS', content: githubActions(login), commands: [] },
    { kind: 'GITLAB_CI', content: gitlabCi(login), commands: [] },
  ];
}

function dockerConfigJson({ username, password, server }: Login): string {
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  return JSON.stringify({ auths: { [server]: { auth, email: '' } } }, undefined, 2);
}

function kubernetesSecret(name: string, dockerConfig: string): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: ${name}
data:
  .dockerconfigjson: ${Buffer.from(dockerConfig).toString('base64')}
type: kubernetes.io/dockerconfigjson
`;
}

function podSample(secretName: string, server: string): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: somepod
spec:
  containers:
    - name: web
      image: ${server}/NAMESPACE/REPOSITORY
  imagePullSecrets:
    - name: ${secretName}
`;
}

/** The password belongs into the repository's secrets, so the text names it instead of holding it. */
function githubActions({ username, server }: Login): string {
  return `# Save the token as the secret ESCALE_TOKEN of your repository.
- uses: docker/login-action@v3
  with:
    registry: ${server}
    username: ${JSON.stringify(username)}
    password: \${{ secrets.ESCALE_TOKEN }}
`;
}

function gitlabCi({ username, server }: Login): string {
  return `# Save the token as the masked variable ESCALE_TOKEN of your project.
before_script:
  - printf '%s' "$ESCALE_TOKEN" | docker login -u ${shellQuoted(username)} --password-stdin ${server}
`;
}
