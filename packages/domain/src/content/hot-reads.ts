import { runPrepared, type Orm } from '@escale/schema/orm';
import {
  highestRole,
  repositoryRoles,
  splitRepositoryName,
  type Digest,
  type Reference,
  type RepositoryName,
} from '@escale/schema/values';
import { live, reasonsOf, standingReasons, type AccessibleRepository } from '../access/find-accessible.ts';
import { anonymous, type Credential, type Principal } from '../access/principal.ts';
import { credentialGone, holderKind, holderOf, principalOf, type CredentialReference } from '../credentials/holder.ts';
import { Gathering } from './gathering.ts';
import type { LinkedBlob } from './find-blob.ts';
import { anything, lookAt, rights, StateMemory, type Dependence, type State } from './state-memory.ts';

/** What one look at the database found: who asks, what they may, and what they asked for. All of it of the same moment. */
export interface Seen<Content> {
  readonly principal: Principal;
  /** Undefined when there is none; its role is undefined when the caller must not learn that there is one. */
  readonly repository: AccessibleRepository | undefined;
  /** Undefined when the repository does not have it. Not to be told to anybody before their right was checked. */
  readonly content: Content | undefined;
}

/** A manifest as clients get it. */
export interface StoredManifest {
  readonly id: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the payload. */
  readonly size: number;
  /** As text, which it is: the gate lets nothing but UTF-8 pass. Undefined when only the facts were asked for. */
  readonly payload: string | undefined;
  /** Nobody takes it away within the next five hours, so that telling of it is a promise already (P2). */
  readonly promised: boolean;
}

/** A blob as a repository shows it, and whether telling of it is a promise already. */
export interface SeenBlob extends LinkedBlob {
  readonly promised: boolean;
}

/** A question about one thing in one repository. */
interface Question {
  readonly credential: string | null;
  readonly repository: RepositoryName;
  readonly tag: string | null;
  readonly digest: string | null;
  /** Whether a manifest's bytes are wanted. */
  readonly whole: boolean;
}

interface Row {
  holder_id: string | null;
  holder_namespace_id: string;
  holder_name: string;
  is_administrator: boolean;
  disabled: boolean;
  deleted: boolean;
  title: string | null;
  /** Milliseconds since 1970, as `created_at`: cheaper to read than a date. */
  expires_at: number | null;
  repository_id: string | null;
  namespace_id: string;
  visibility: 'private' | 'public';
  created_by: string;
  created_at: number;
  /** Place in the ladder of roles, from 1. */
  rank: number | null;
  content_id: string | null;
  promised: boolean;
  digest: Digest;
  size: number;
  payload?: string | null;
  /** It depends on the time, so that the next look may find something else. */
  fleeting: boolean | null;
  /** Of what the answer depends on. */
  state: State;
}

interface ManifestRow extends Row {
  media_type: string;
  payload: string | null;
}

interface BlobRow extends Row {
  storage_key: string;
  quarantined: boolean;
}

/** Manifests beyond this many bytes are fetched by themselves: a crowd of them must not lie in memory together. */
const gatheredPayload = 64 * 1024;

/** Bytes would travel as hexadecimal digits, and leave in a piece of their own behind the headers. */
const payloadText = `convert_from(m.payload, 'UTF8')`;

/** Characters that an answer without bytes is counted for in the memory. */
const rowSize = 1000;

/** What a promise is worth at least when it is told (decision 5). */
const promise = `interval '5 hours'`;

const milliseconds = (time: string): string => `(extract(epoch from ${time}) * 1000)::float8`;

/** The ladder as SQL, from the one list of roles. */
const rankOf = (role: string): string => `array_position(array['${repositoryRoles.join(`', '`)}'], ${role})`;

const contents = {
  manifest: {
    dependsOn: anything,
    columns: `content.id as content_id, content.digest, content.size, content.media_type, content.payload,
              content.promised, content.fleeting`,
    rows: `
      select m.id, m.digest, m.size, m.media_type, coalesce(m.hold_until >= now() + ${promise}, false) as promised,
             case when q.whole and m.size <= ${String(gatheredPayload)} then ${payloadText} end as payload, false as fleeting
        from manifests m where m.repository_id = r.id and m.digest = q.digest and m.deleted_at is null
      union all
      select m.id, m.digest, m.size, m.media_type, false,
             case when q.whole and m.size <= ${String(gatheredPayload)} then ${payloadText} end, t.expires_at is not null
        from tags t join manifests m on m.id = t.manifest_id
        where t.repository_id = r.id and t.name = q.tag and t.ended_at is null
          and (t.expires_at is null or t.expires_at > now())`,
  },
  blob: {
    dependsOn: anything,
    columns: `content.id as content_id, content.digest, content.size, content.storage_key, content.quarantined,
              content.promised, false as fleeting`,
    rows: `
      select b.id, b.digest, b.size::float8 as size, b.storage_key, b.state = 'quarantined' as quarantined,
             coalesce(b.state = 'live' and b.lease_until >= now() + ${promise}, false) as promised
        from blobs b join repository_blobs l on l.blob_id = b.id and l.repository_id = r.id
        where b.digest = q.digest and b.state <> 'deleting'`,
  },
  nothing: {
    dependsOn: rights,
    columns: 'content.id as content_id, false as fleeting',
    rows: 'select null::uuid as id',
  },
} as const satisfies Readonly<Record<string, { dependsOn: Dependence; columns: string; rows: string }>>;

/**
 * One statement for credential, rights and content (reference: the hot read). It is put together from the SQL that everybody
 * else uses: `holderOf` says who holds the credential, `reasonsOf` what they may.
 */
function statementOf(
  content: keyof typeof contents,
  kind: Credential['kind'] | 'anonymous',
): { name: string; text: string } {
  const nobody = kind === 'anonymous';
  const { dependsOn, columns, rows } = contents[content];
  const text = `
    select ${nobody ? 'null as holder_id, null::int as rank' : 'holder.id as holder_id, access.rank'},
           ${
             nobody
               ? ''
               : `holder.namespace_id as holder_namespace_id, holder.name as holder_name, holder.is_administrator,
           holder.disabled, holder.deleted, holder.title, ${milliseconds('holder.expires_at')} as expires_at,`
           }
           r.id as repository_id, r.namespace_id, r.visibility, r.created_by, ${milliseconds('r.created_at')} as created_at,
           ${columns}, ${dependsOn.sql} as state
      from unnest((select $1::uuid[]), (select $2::text[]), (select $3::text[]), (select $4::text[]), (select $5::boolean[]))
             with ordinality q (credential, repository, tag, digest, whole, place)
      ${nobody ? '' : `left join lateral (${holderOf[kind]('q.credential')}) holder on true`}
      left join (repositories r join namespaces n on n.id = r.namespace_id) on r.name = q.repository and ${live}
      ${
        nobody
          ? ''
          : `left join lateral (select max(${rankOf('reason.role')}) as rank
             from (${reasonsOf(holderKind[kind], 'holder.id')}) reason) access on true`
      }
      left join lateral (${rows}) content on true
      order by q.place`;
  return { name: `${content} by ${kind}`, text };
}

/**
 * What a pull reads, and the first look of every push: credential, rights and content in one statement, gathered under load. No entity, and no cache: each
 * answer is what the database held after the question was asked (promise P4, T10).
 */
export class HotReads {
  readonly #orm: Orm;
  readonly #manifests: (kind: CredentialReference['kind'], question: Question) => Promise<ManifestRow>;
  readonly #blobs: (kind: CredentialReference['kind'], question: Question) => Promise<BlobRow>;
  readonly #rights: (kind: CredentialReference['kind'], question: Question) => Promise<Row>;

  constructor(orm: Orm) {
    this.#orm = orm;
    // Two lanes: while the database answers one crowd, this process serves the other. A third makes all of them smaller.
    const gathering = new Gathering({ lanes: 2 });
    const kept = new StateMemory<Row>(anything, lookAt(orm, anything));
    this.#manifests = askers<ManifestRow>(orm, { gathering, memory: kept }, 'manifest');
    this.#blobs = askers<BlobRow>(orm, { gathering, memory: kept }, 'blob');
    this.#rights = askers<Row>(orm, { gathering, memory: new StateMemory(rights, lookAt(orm, rights)) }, 'nothing');
  }

  /**
   * @param whole whether the bytes are wanted too
   * @throws UNAUTHORIZED when the credential does not hold (any more)
   */
  async manifest(
    by: CredentialReference,
    repository: RepositoryName,
    reference: Reference,
    whole: boolean,
  ): Promise<Seen<StoredManifest>> {
    const tag = reference.kind === 'tag' ? reference.tag : null;
    const digest = reference.kind === 'digest' ? reference.digest : null;
    const row = await this.#manifests(by.kind, { credential: by.id ?? null, repository, tag, digest, whole });
    const seen = seenIn(by, repository, row);
    if (row.content_id === null) return { ...seen, content: undefined };
    const payload = row.payload ?? (whole ? await this.#payload(row.content_id) : undefined);
    if (whole && !payload) return { ...seen, content: undefined };
    const { digest: found, media_type: mediaType, size, promised } = row;
    return { ...seen, content: { id: row.content_id, digest: found, mediaType, size, payload, promised } };
  }

  /** @throws UNAUTHORIZED when the credential does not hold (any more) */
  async blob(by: CredentialReference, repository: RepositoryName, digest: Digest): Promise<Seen<SeenBlob>> {
    const row = await this.#blobs(by.kind, { credential: by.id ?? null, repository, tag: null, digest, whole: false });
    const { content_id: id, size, storage_key: storageKey, quarantined, promised } = row;
    return {
      ...seenIn(by, repository, row),
      content: id === null ? undefined : { id, digest: row.digest, size, storageKey, quarantined, promised },
    };
  }

  /**
   * Who asks and what they may, for requests that do more than read one thing.
   * @throws UNAUTHORIZED when the credential does not hold (any more)
   */
  async repository(by: CredentialReference, repository: RepositoryName): Promise<Omit<Seen<never>, 'content'>> {
    const question = { credential: by.id ?? null, repository, tag: null, digest: null, whole: false };
    return seenIn(by, repository, await this.#rights(by.kind, question));
  }

  /** @returns undefined when the manifest went away since */
  async #payload(id: string): Promise<string | undefined> {
    const statement = {
      name: 'manifest payload',
      text: `select ${payloadText} as payload from manifests m where id = $1`,
    };
    const [row] = await runPrepared<{ payload: string }>(this.#orm, statement, [id]);
    return row?.payload;
  }
}

const credentialKinds = [
  'anonymous',
  ...(Object.keys(holderOf) as Credential['kind'][]),
] as const satisfies CredentialReference['kind'][];

/** What all kinds of questions share. */
interface Shared {
  readonly gathering: Gathering;
  readonly memory: StateMemory<Row>;
}

/** One way to ask for each kind of credential: their statements differ, and each is planned once. */
function askers<Found extends Row>(
  orm: Orm,
  { gathering, memory }: Shared,
  content: keyof typeof contents,
): (kind: CredentialReference['kind'], question: Question) => Promise<Found> {
  const byKind = new Map(
    credentialKinds.map((kind) => {
      const statement = statementOf(content, kind);
      const answerAll = async (questions: readonly Question[]) => {
        const rows = await runPrepared<Found>(orm, statement, [
          questions.map((question) => question.credential),
          questions.map((question) => question.repository),
          questions.map((question) => question.tag),
          questions.map((question) => question.digest),
          questions.map((question) => question.whole),
        ]);
        if (rows[0]) memory.saw(rows[0].state);
        return rows;
      };
      return [kind, gathering.kind(answerAll)];
    }),
  );
  return async (kind, question) => {
    const ask = byKind.get(kind);
    if (!ask) throw new TypeError(`no statement reads content by ${kind}`);
    const { credential, repository, tag, digest, whole } = question;
    const key = `${content} ${kind} ${credential ?? ''} ${repository} ${tag ?? ''} ${digest ?? ''} ${whole ? 'whole' : ''}`;
    // What lies under this key was a row of this statement.
    const known = (await memory.recall(key)) as Found | undefined;
    if (known) return known;
    const row = await ask(question);
    if (!row.fleeting) memory.remember(row.state, key, row, (row.payload?.length ?? 0) + rowSize);
    return row;
  };
}

/** The caller and the repository in a row. @throws UNAUTHORIZED */
function seenIn({ kind, id }: CredentialReference, name: RepositoryName, row: Row): Omit<Seen<never>, 'content'> {
  let principal: Principal = anonymous;
  if (kind !== 'anonymous') {
    if (row.holder_id === null) throw credentialGone();
    const holder = {
      id: row.holder_id,
      namespaceId: row.holder_namespace_id,
      name: row.holder_name,
      isAdministrator: row.is_administrator,
      disabled: row.disabled,
      deleted: row.deleted,
      title: row.title,
      expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    };
    principal = principalOf({ kind, ...(id !== undefined && { id }) }, holder, new Date());
  }
  if (row.repository_id === null) return { principal, repository: undefined };
  const standing = standingReasons(principal, row.visibility).map(({ role }) => role);
  const granted = row.rank === null ? undefined : repositoryRoles[row.rank - 1];
  const repository: AccessibleRepository = {
    id: row.repository_id,
    name,
    namespaceId: row.namespace_id,
    namespace: splitRepositoryName(name).namespace,
    visibility: row.visibility,
    createdBy: row.created_by,
    createdAt: new Date(row.created_at),
    role: highestRole(granted ? [granted, ...standing] : standing),
  };
  return { principal, repository };
}
