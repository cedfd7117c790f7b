import { repositoryRoles, type Digest, type RepositoryName } from '@escale/schema/values';
import { live, reasonsOf } from '../access/find-accessible.ts';
import type { Credential } from '../access/principal.ts';
import { holderKind, holderOf } from '../credentials/holder.ts';
import { anything, rights, type Dependence, type State } from './state-memory.ts';

/** A question about one thing in one repository. */
export interface HotQuestion {
  readonly credential: string | null;
  readonly repository: RepositoryName;
  readonly tag: string | null;
  readonly digest: string | null;
  /** Whether a manifest's bytes are wanted. */
  readonly whole: boolean;
}

export interface HotRow {
  holder_id: string | null;
  holder_namespace_id: string;
  holder_name: string;
  is_administrator: boolean;
  disabled: boolean;
  suspended: boolean;
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

export interface HotManifestRow extends HotRow {
  media_type: string;
  payload: string | null;
}

export interface HotBlobRow extends HotRow {
  storage_key: string;
  quarantined: boolean;
}

/** Manifests beyond this many bytes are fetched by themselves: a crowd of them must not lie in memory together. */
const gatheredPayload = 64 * 1024;

/** Bytes would travel as hexadecimal digits, and leave in a piece of their own behind the headers. */
export const payloadText = `convert_from(m.payload, 'UTF8')`;

/** How much of a lease must be left for a read to count as a promise without renewing it (P2). */
const promise = `interval '5 hours'`;

const milliseconds = (time: string): string => `(extract(epoch from ${time}) * 1000)::float8`;

/** The ladder as SQL, from the one list of roles. */
const rankOf = (role: string): string => `array_position(array['${repositoryRoles.join(`', '`)}'], ${role})`;

/**
 * Placeholder for the condition of `mayRead`. PostgreSQL checks it once, before it reads a row. It does so only in a subquery that it
 * plans apart: a union always is, and `offset 0` keeps a single select from being merged into the outer statement.
 */
const readable = '/* may read */';

const contents = {
  manifest: {
    dependsOn: anything,
    columns: `content.id as content_id, content.digest, content.size, content.media_type, content.payload,
              content.promised, content.fleeting`,
    rows: `
      select m.id, m.digest, m.size, m.media_type, coalesce(m.hold_until >= now() + ${promise}, false) as promised,
             case when q.whole and m.size <= ${String(gatheredPayload)} then ${payloadText} end as payload, false as fleeting
        from manifests m where m.repository_id = r.id and m.digest = q.digest and m.deleted_at is null and ${readable}
      union all
      select m.id, m.digest, m.size, m.media_type, false,
             case when q.whole and m.size <= ${String(gatheredPayload)} then ${payloadText} end, t.expires_at is not null
        from tags t join manifests m on m.id = t.manifest_id
        where t.repository_id = r.id and t.name = q.tag and t.ended_at is null
          and (t.expires_at is null or t.expires_at > now()) and ${readable}`,
  },
  blob: {
    dependsOn: anything,
    columns: `content.id as content_id, content.digest, content.size, content.storage_key, content.quarantined,
              content.promised, false as fleeting`,
    rows: `
      select b.id, b.digest, b.size::float8 as size, b.storage_key, b.state = 'quarantined' as quarantined,
             coalesce(b.state = 'live' and b.lease_until >= now() + ${promise}, false) as promised
        from blobs b join repository_blobs l on l.blob_id = b.id and l.repository_id = r.id
        where b.digest = q.digest and b.state <> 'deleting' and ${readable} offset 0`,
  },
  nothing: {
    dependsOn: rights,
    columns: 'content.id as content_id, false as fleeting',
    rows: 'select null::uuid as id',
  },
} as const satisfies Readonly<Record<string, { dependsOn: Dependence; columns: string; rows: string }>>;

/** What a question is about. */
export type HotContent = keyof typeof contents;

/**
 * SQL: whether the caller may pull from `repositories r`. It mirrors `principalOf` and `standingReasons`, so that content is looked
 * up for callers with the right alone. Any role is enough to pull. The registry decides again from the row.
 */
function mayRead(kind: Credential['kind'] | 'anonymous'): string {
  if (kind === 'anonymous') return `r.visibility = 'public'`;
  // `holder` has no scopes here, and without them an API token never acts as an administrator.
  const standing = kind === 'api-token' ? '' : 'or holder.is_administrator';
  return `(r.visibility = 'public' or (not holder.disabled and not holder.suspended and (access.rank is not null ${standing})))`;
}

/**
 * One statement for credential, rights and content. It is put together from the SQL that everybody
 * else uses: `holderOf` says who holds the credential, `reasonsOf` what they may. Callers without the right get no content at all:
 * neither their answer nor the time it takes depends on what a private repository holds.
 */
export function hotStatement(
  content: HotContent,
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
           holder.disabled, holder.suspended, holder.deleted, holder.title, ${milliseconds('holder.expires_at')} as expires_at,`
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
      left join lateral (${rows.replaceAll(readable, mayRead(kind))}) content on true
      order by q.place`;
  return { name: `${content} by ${kind}`, text };
}
