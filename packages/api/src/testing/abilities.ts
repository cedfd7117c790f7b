/** What an ability is asked about. */
export interface Names {
  organization: string;
  repository: string;
  ownTeam: string;
  otherTeam: string;
  robot: string;
}

/** Each row: an ability, the query that uses it, and the kinds of callers that have it. */
export const abilities: readonly (readonly [string, (names: Names) => string, string])[] = [
  ['see a private repository', ({ repository }) => `repository(name: "${repository}") { name }`, 'Rr Rw Ra Oa S'],
  ['list its tags', ({ repository }) => `repository(name: "${repository}") { tags { totalCount } }`, 'Rr Rw Ra Oa S'],
  ['see its size', ({ repository }) => `repository(name: "${repository}") { storedBytes }`, 'Rr Rw Ra Oa S'],
  [
    'list its permissions',
    ({ repository }) => `repository(name: "${repository}") { permissions { totalCount } }`,
    'Ra Oa S',
  ],
  [
    'list everybody’s effective rights there',
    ({ repository }) => `repository(name: "${repository}") { effectivePermissions { totalCount } }`,
    'Ra Oa S',
  ],
  [
    'see what would become public',
    ({ repository }) => `repository(name: "${repository}") { publicContents { tags } }`,
    'Ra Oa S',
  ],
  [
    'see the header of an organization',
    ({ organization }) => `organization(name: "${organization}") { name description }`,
    'A U Rr Rw Ra Om Oc Oa S',
  ],
  [
    'see the names of its teams',
    ({ organization }) => `organization(name: "${organization}") { teams { nodes { name role } } }`,
    'Om Oc Oa S',
  ],
  [
    'see the members of one’s own team',
    ({ organization, ownTeam }) =>
      `organization(name: "${organization}") { team(name: "${ownTeam}") { members { totalCount } } }`,
    'Om Oa S',
  ],
  [
    'see the members of another team',
    ({ organization, otherTeam }) =>
      `organization(name: "${organization}") { team(name: "${otherTeam}") { members { totalCount } } }`,
    'Oa S',
  ],
  [
    'see whom a team waits for',
    ({ organization, ownTeam }) =>
      `organization(name: "${organization}") { team(name: "${ownTeam}") { pendingMembers { totalCount } } }`,
    'Oa S',
  ],
  [
    'find people of the identity provider',
    ({ organization }) => `directoryPeople(organization: "${organization}", text: "dora") { username }`,
    'Oa S',
  ],
  [
    'list what a team may do',
    ({ organization, otherTeam }) =>
      `organization(name: "${organization}") { team(name: "${otherTeam}") { repositories { totalCount } } }`,
    'Oa S',
  ],
  [
    'list its members',
    ({ organization }) => `organization(name: "${organization}") { members { totalCount } }`,
    'Oa S',
  ],
  [
    'list its collaborators',
    ({ organization }) => `organization(name: "${organization}") { collaborators { totalCount } }`,
    'Oa S',
  ],
  [
    'list its robots',
    ({ organization }) => `organization(name: "${organization}") { robots { nodes { login lastUsedAt } } }`,
    'Om Oc Oa S',
  ],
  [
    'list the tokens of a robot',
    ({ organization, robot }) => `organization(name: "${organization}") { robot(name: "${robot}") { tokens { id } } }`,
    'Oa S',
  ],
  [
    'list the teams of a robot',
    ({ organization, robot }) => `organization(name: "${organization}") { robot(name: "${robot}") { teams { id } } }`,
    'Oa S',
  ],
  [
    'list what a robot may do',
    ({ organization, robot }) =>
      `organization(name: "${organization}") { robot(name: "${robot}") { repositories { totalCount } } }`,
    'Oa S',
  ],
  [
    'list default permissions',
    ({ organization }) => `organization(name: "${organization}") { defaultPermissions { totalCount } }`,
    'Oa S',
  ],
  [
    'preview them',
    ({ organization }) =>
      `organization(name: "${organization}") { newRepositoryPermissions(createdBy: "person-u") { role } }`,
    'Oa S',
  ],
  [
    'see how much is stored',
    ({ organization }) => `organization(name: "${organization}") { storedBytes }`,
    'Om Oc Oa S',
  ],
  [
    'see what deleting it would free',
    ({ organization }) => `organization(name: "${organization}") { freedBytes }`,
    'Oa S',
  ],
  [
    'read its usage log',
    ({ organization }) => `organization(name: "${organization}") { usageLog { totalCount } usageLogCounts { count } }`,
    'Oa S',
  ],
  [
    'read the usage log of a repository',
    ({ repository }) => `repository(name: "${repository}") { usageLog { totalCount } usageLogCounts { count } }`,
    'Ra Oa S',
  ],
  [
    'ask for the rights of somebody else',
    ({ repository }) =>
      `explainAccess(repository: "${repository}", action: PULL, grantee: { user: "person-u" }) { allowed }`,
    'Ra Oa S',
  ],
  [
    'ask for one’s own rights',
    ({ repository }) => `explainAccess(repository: "${repository}", action: PUSH) { allowed }`,
    'Rr Rw Ra Oa S',
  ],
  ['read the usage log of the whole registry', () => 'usageLog { totalCount }', 'S'],
  ['list users', () => 'users { totalCount }', 'S'],
  ['read what is decided for the whole registry', () => 'registrySettings { timeMachineSeconds }', 'S'],
  ['read messages', () => 'messages { text }', 'A U Rr Rw Ra Om Oc Oa S'],
  [
    'list deleted repositories',
    ({ organization }) => `organization(name: "${organization}") { deletedRepositories { totalCount } }`,
    'Oa S',
  ],
  [
    'find whom to grant something',
    ({ organization }) => `grantees(organization: "${organization}", text: "person") { __typename }`,
    'Ra Om Oc Oa S',
  ],
];
