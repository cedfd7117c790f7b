import { registerEnumType } from 'type-graphql';
import type { ApiScope } from '@escale/domain/access';
import type { UsageFormat } from '@escale/domain/usage-logs';
import type { ArtifactKind as DomainArtifactKind, LabelProblemReason as DomainReason } from '@escale/schema/values';

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

export const ArtifactKind = {
  SIGNATURE: 'signature',
  SBOM: 'sbom',
  ATTESTATION: 'attestation',
  BUNDLE: 'bundle',
  CHART: 'chart',
  INDEX: 'index',
  IMAGE: 'image',
  OTHER: 'other',
} as const satisfies Record<string, DomainArtifactKind>;
export type ArtifactKind = (typeof ArtifactKind)[keyof typeof ArtifactKind];

export const LabelProblemReason = {
  NOT_UNDERSTOOD: 'not understood',
  OVERRULED: 'overruled',
  TOO_LONG: 'too long',
  IMMUTABLE: 'immutable',
} as const satisfies Record<string, DomainReason>;
export type LabelProblemReason = (typeof LabelProblemReason)[keyof typeof LabelProblemReason];

registerEnumType(ArtifactKind, {
  name: 'ArtifactKind',
  description: 'What people call an artifact. It is what the artifact says of itself; the registry does not verify it.',
  valuesConfig: {
    SIGNATURE: { description: 'A signature of Notation or cosign.' },
    SBOM: { description: 'A software bill of materials, such as SPDX or CycloneDX, signed or not.' },
    ATTESTATION: { description: 'A statement about another manifest, such as SLSA provenance.' },
    BUNDLE: { description: 'A Sigstore bundle that does not say whether it is a signature or an attestation.' },
    CHART: { description: 'A Helm chart.' },
    INDEX: { description: 'A list of manifests, such as an image for several platforms.' },
    IMAGE: { description: 'An image of one platform.' },
    OTHER: { description: 'Any other artifact.' },
  },
});
registerEnumType(LabelProblemReason, {
  name: 'LabelProblemReason',
  description: 'Why a label does not do what its text says.',
  valuesConfig: {
    NOT_UNDERSTOOD: { description: 'The value is not understood, so the label has no effect.' },
    OVERRULED: { description: 'Another label of the image says otherwise and comes first.' },
    TOO_LONG: { description: 'The lifetime is longer than 104 weeks, so the tags expire after 104 weeks.' },
    IMMUTABLE: { description: 'The image also asks for immutable tags, which never expire.' },
  },
});
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
  description: 'How entries are written to a file.',
  valuesConfig: {
    JSON_LINES: { description: 'One JSON object a line.' },
    CSV: {
      description:
        'RFC 4180 in UTF-8 with a byte-order mark, and a line of names first. Text that a spreadsheet would take for a formula has an apostrophe before it; `JSON_LINES` holds every value as it is.',
    },
  },
});
registerEnumType(ExportState, {
  name: 'ExportState',
  description: 'How far a background job has come with a file.',
  valuesConfig: {
    WAITING: { description: 'Its turn has not come.' },
    RUNNING: { description: 'It is being written.' },
    READY: { description: 'It can be fetched.' },
    FAILED: { description: 'It could not be written; ask for it anew.' },
  },
});
registerEnumType(MessageSeverity, {
  name: 'MessageSeverity',
  description: 'How a message is shown.',
  valuesConfig: {
    INFO: { description: 'Good to know.' },
    WARNING: { description: 'Something will change or go away.' },
    ERROR: { description: 'Something does not work.' },
  },
});
registerEnumType(OrganizationCreation, {
  name: 'OrganizationCreation',
  description: 'Who may create organizations.',
  valuesConfig: {
    EVERYONE: { description: 'Everybody who signs in.' },
    ADMINISTRATORS: { description: 'Administrators of the registry alone.' },
  },
});
registerEnumType(Visibility, {
  name: 'Visibility',
  description: 'Who may see and pull a repository without being granted it.',
  valuesConfig: {
    PUBLIC: { description: 'Everybody, signed in or not.' },
    PRIVATE: { description: 'Those who have a role on it.' },
  },
});
registerEnumType(RepositoryRole, {
  name: 'RepositoryRole',
  description: 'READ < WRITE < ADMIN.',
  valuesConfig: {
    READ: { description: 'See and pull.' },
    WRITE: { description: 'Push too, and change and delete tags.' },
    ADMIN: { description: 'Permissions, visibility and deletion too.' },
  },
});
registerEnumType(TeamRole, {
  name: 'TeamRole',
  description: 'MEMBER < CREATOR < ADMIN.',
  valuesConfig: {
    MEMBER: { description: 'See the organization.' },
    CREATOR: { description: 'Create repositories in it too.' },
    ADMIN: { description: 'Everything in it.' },
  },
});
registerEnumType(RepositoryAction, {
  name: 'RepositoryAction',
  description: 'PULL needs READ; PUSH and DELETE need WRITE; ADMINISTER needs ADMIN.',
  valuesConfig: {
    PULL: { description: 'Fetch what it holds.' },
    PUSH: { description: 'Add to it.' },
    DELETE: { description: 'Delete tags and manifests.' },
    ADMINISTER: { description: 'Permissions, visibility, deletion of the whole.' },
  },
});
registerEnumType(GranteeKind, {
  name: 'GranteeKind',
  description: 'What can be given a role on a repository.',
  valuesConfig: {
    USER: { description: 'A person.' },
    ROBOT: { description: 'A machine, by a name like `acme+ci`.' },
    TEAM: { description: 'All who are in it.' },
  },
});
registerEnumType(RepositoryOrder, {
  name: 'RepositoryOrder',
  description: 'In which order repositories are listed.',
  valuesConfig: {
    NAME: { description: 'By name.' },
    LAST_PUSHED: { description: 'The latest pushed first.' },
  },
});
registerEnumType(TagOrder, {
  name: 'TagOrder',
  description: 'In which order tags are listed.',
  valuesConfig: {
    NAME: { description: 'By name.' },
    PUSHED: { description: 'The latest first.' },
    SIZE: { description: 'The largest first.' },
  },
});
registerEnumType(TagEventKind, {
  name: 'TagEventKind',
  description: 'What happened to a tag.',
  valuesConfig: {
    PUSHED: { description: 'Made by a push.' },
    SET: { description: 'Made without a push.' },
    MOVED: { description: 'Names another manifest since.' },
    DELETED: { description: 'Ended by somebody.' },
    EXPIRED: { description: 'Ended when its time had come.' },
    RESTORED: { description: 'Made again from its history.' },
    EXPIRY_SET: { description: 'Expires at another time, or never.' },
    MADE_IMMUTABLE: { description: 'Cannot be moved, deleted or expire since.' },
    MADE_MUTABLE: { description: 'Can be moved and deleted again.' },
  },
});
registerEnumType(NameAvailability, {
  name: 'NameAvailability',
  description: 'Whether a user or an organization may have a name.',
  valuesConfig: {
    VALID: { description: 'It can be had.' },
    TAKEN: { description: 'A user or an organization has it.' },
    INVALID: { description: 'It does not follow the rules of names.' },
    RESERVED: { description: "It is one of the registry's own addresses." },
  },
});
