import { registerEnumType } from 'type-graphql';
import type { ApiScope } from '@escale/domain/access';
import type { UsageFormat } from '@escale/domain/usage-logs';

/** The names clients see on the left, our own words on the right. */
export const Visibility = { PUBLIC: 'public', PRIVATE: 'private' } as const;
export type Visibility = (typeof Visibility)[keyof typeof Visibility];

export const RepositoryRole = { READ: 'read', WRITE: 'write', ADMIN: 'admin' } as const;
export type RepositoryRole = (typeof RepositoryRole)[keyof typeof RepositoryRole];

export const TeamRole = { MEMBER: 'member', CREATOR: 'creator', ADMIN: 'admin' } as const;
export type TeamRole = (typeof TeamRole)[keyof typeof TeamRole];

export const RepositoryAction = { PULL: 'pull', PUSH: 'push', DELETE: 'delete', ADMINISTER: 'administer' } as const;
export type RepositoryAction = (typeof RepositoryAction)[keyof typeof RepositoryAction];

export const GranteeKind = { USER: 'user', ROBOT: 'robot', TEAM: 'team' } as const;
export type GranteeKind = (typeof GranteeKind)[keyof typeof GranteeKind];

export const RepositoryOrder = { NAME: 'name', LAST_PUSHED: 'lastPushed' } as const;
export type RepositoryOrder = (typeof RepositoryOrder)[keyof typeof RepositoryOrder];

export const TagOrder = { NAME: 'name', PUSHED: 'pushed', SIZE: 'size' } as const;
export type TagOrder = (typeof TagOrder)[keyof typeof TagOrder];

export const TagEventKind = {
  PUSHED: 'pushed',
  SET: 'set',
  MOVED: 'moved',
  DELETED: 'deleted',
  EXPIRED: 'expired',
  RESTORED: 'restored',
  EXPIRY_SET: 'expiry_set',
  MADE_IMMUTABLE: 'made_immutable',
  MADE_MUTABLE: 'made_mutable',
} as const;
export type TagEventKind = (typeof TagEventKind)[keyof typeof TagEventKind];

export const NameAvailability = { VALID: 'VALID', TAKEN: 'TAKEN', INVALID: 'INVALID', RESERVED: 'RESERVED' } as const;
export type NameAvailability = (typeof NameAvailability)[keyof typeof NameAvailability];

export const ApiTokenScope = {
  READ: 'read',
  REPOSITORIES_WRITE: 'repositories:write',
  REPOSITORIES_ADMIN: 'repositories:admin',
  ORGANIZATIONS_ADMIN: 'organizations:admin',
  ROBOTS_ADMIN: 'robots:admin',
  ADMINISTRATION: 'administration',
} as const satisfies Record<string, ApiScope>;
export type ApiTokenScope = (typeof ApiTokenScope)[keyof typeof ApiTokenScope];

export const UsageLogFormat = { JSON_LINES: 'jsonl', CSV: 'csv' } as const satisfies Record<string, UsageFormat>;
export type UsageLogFormat = (typeof UsageLogFormat)[keyof typeof UsageLogFormat];

export const ExportState = { WAITING: 'waiting', RUNNING: 'running', READY: 'ready', FAILED: 'failed' } as const;
export type ExportState = (typeof ExportState)[keyof typeof ExportState];

export const MessageSeverity = { INFO: 'info', WARNING: 'warning', ERROR: 'error' } as const;
export type MessageSeverity = (typeof MessageSeverity)[keyof typeof MessageSeverity];

export const OrganizationCreation = { EVERYONE: 'everyone', ADMINISTRATORS: 'administrators' } as const;
export type OrganizationCreation = (typeof OrganizationCreation)[keyof typeof OrganizationCreation];

registerEnumType(ApiTokenScope, {
  name: 'ApiTokenScope',
  description: 'What an API token is for. It never gives more than its owner may do at that moment.',
  valuesConfig: {
    READ: { description: 'Everything that the owner can read.' },
    REPOSITORIES_WRITE: { description: 'Create and describe repositories; create, move, delete and restore tags.' },
    REPOSITORIES_ADMIN: { description: 'Visibility, permissions and deletion of repositories.' },
    ORGANIZATIONS_ADMIN: { description: 'Organizations, teams, members, default permissions and retention of logs.' },
    ROBOTS_ADMIN: { description: 'Robots and their tokens.' },
    ADMINISTRATION: {
      description:
        'What administrators of the registry do. Without it, an administrator’s token sees no more than an ordinary person’s.',
    },
  },
});
registerEnumType(UsageLogFormat, {
  name: 'UsageLogFormat',
  description: 'JSON_LINES: one JSON object a line. CSV: RFC 4180, safe for spreadsheets.',
});
registerEnumType(ExportState, { name: 'ExportState', description: 'How far a background job has come with a file.' });
registerEnumType(MessageSeverity, { name: 'MessageSeverity', description: 'How a message is shown.' });
registerEnumType(OrganizationCreation, { name: 'OrganizationCreation', description: 'Who may create organizations.' });
registerEnumType(Visibility, {
  name: 'Visibility',
  description: 'Who may see and pull a repository without being granted it.',
});
registerEnumType(RepositoryRole, { name: 'RepositoryRole', description: 'READ < WRITE < ADMIN.' });
registerEnumType(TeamRole, { name: 'TeamRole', description: 'MEMBER < CREATOR < ADMIN.' });
registerEnumType(RepositoryAction, {
  name: 'RepositoryAction',
  description: 'PULL needs READ; PUSH and DELETE need WRITE; ADMINISTER needs ADMIN.',
});
registerEnumType(GranteeKind, { name: 'GranteeKind', description: 'What can be given a role on a repository.' });
registerEnumType(RepositoryOrder, { name: 'RepositoryOrder', description: 'LAST_PUSHED: the latest first.' });
registerEnumType(TagOrder, { name: 'TagOrder', description: 'PUSHED: the latest first. SIZE: the largest first.' });
registerEnumType(TagEventKind, {
  name: 'TagEventKind',
  description:
    'PUSHED and SET: the tag was made, by a push or without one. MOVED: it names another manifest since. EXPIRY_SET: it expires at another time, or never.',
});
registerEnumType(NameAvailability, {
  name: 'NameAvailability',
  description: 'Whether a user or an organization may have a name.',
});
