import { runPrepared, type Orm } from '@escale/schema/orm';
import {
  highestRole,
  repositoryRoles,
  splitRepositoryName,
  type Digest,
  type Reference,
  type RepositoryName,
} from '@escale/schema/values';
import { standingReasons, type AccessibleRepository } from '../access/find-accessible.ts';
import { anonymous, type Credential, type Principal } from '../access/principal.ts';
import { DomainError } from '../errors.ts';
import { credentialGone, holderOf, principalOf, type CredentialReference } from '../credentials/holder.ts';
import { Gathering } from './gathering.ts';
import type { LinkedBlob } from './find-blob.ts';
import {
  hotStatement,
  payloadText,
  type HotBlobRow,
  type HotContent,
  type HotManifestRow,
  type HotQuestion,
  type HotRow,
} from './hot-statements.ts';
import { anything, lookAt, rights, StateMemory, type State } from './state-memory.ts';

/** What one look at the database found: who asks, what they may, and what they asked for. All of it of the same moment. */
export interface Seen<Content> {
  readonly principal: Principal;
  /** Undefined when there is none; its role is undefined when the caller must not learn that there is one. */
  readonly repository: AccessibleRepository | undefined;
  /** Undefined when the repository does not have it, and for every caller who may not pull from it. */
  readonly content: Content | undefined;
}

/** A manifest as clients get it. */
export interface StoredManifest {
  readonly id: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the payload. */
  readonly size: number;
  /**
   * As text, because only valid UTF-8 is ever stored. Undefined when only the facts were asked for, and for a manifest of more than
   * 64 KiB: `HotReads.payload` reads that one, after the right was checked.
   */
  readonly payload: string | undefined;
  /** Nobody takes it away within the next five hours, so that telling of it is a promise already (P2). */
  readonly promised: boolean;
}

/** A blob as a repository shows it, and whether telling of it is a promise already. */
export interface SeenBlob extends LinkedBlob {
  readonly promised: boolean;
}

/**
 * What a pull reads, and the first look of every push: credential, rights and content in one statement, gathered under load, or
 * what an earlier one has found where nothing has changed since. No entity, and nothing stale: each answer is what the database
 * held after the question was asked (promise P4, T10).
 */
export class HotReads {
  readonly #orm: Orm;
  readonly #manifests: (kind: CredentialReference['kind'], question: HotQuestion) => Promise<HotManifestRow>;
  readonly #blobs: (kind: CredentialReference['kind'], question: HotQuestion) => Promise<HotBlobRow>;
  readonly #rights: (kind: CredentialReference['kind'], question: HotQuestion) => Promise<HotRow>;
  readonly #rightsMemory: StateMemory<HotRow>;

  constructor(orm: Orm) {
    this.#orm = orm;
    // Two lanes: while the database answers one crowd, this process serves the other. A third makes all of them smaller.
    const gathering = new Gathering({ lanes: 2 });
    const kept = new StateMemory<HotRow>(anything, lookAt(orm, anything));
    this.#manifests = askers<HotManifestRow>(orm, { gathering, memory: kept }, 'manifest');
    this.#blobs = askers<HotBlobRow>(orm, { gathering, memory: kept }, 'blob');
    this.#rightsMemory = new StateMemory(rights, lookAt(orm, rights));
    this.#rights = askers<HotRow>(orm, { gathering, memory: this.#rightsMemory }, 'nothing');
  }

  /**
   * @param whole whether the bytes are wanted too; `payload` gives those of large manifests
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
    const { digest: found, media_type: mediaType, size, promised } = row;
    const payload = row.payload ?? undefined;
    return { ...seen, content: { id: row.content_id, digest: found, mediaType, size, payload, promised } };
  }

  /**
   * The bytes of a manifest that `manifest` found, for a caller whose right was checked.
   * @returns undefined when the manifest was deleted since
   */
  async payload({ id, payload }: Pick<StoredManifest, 'id' | 'payload'>): Promise<string | undefined> {
    if (payload !== undefined) return payload;
    const statement = {
      name: 'manifest payload',
      text: `select ${payloadText} as payload from manifests m where id = $1`,
    };
    const [row] = await runPrepared<{ payload: string }>(this.#orm, statement, [id]);
    return row?.payload;
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
    return seenIn(by, repository, await this.#rights(by.kind, aboutRights(by, repository)));
  }

  /**
   * The same as it was seen a moment ago, without a look, for whoever lets a statement look at the state of rights.
   * @returns undefined when it is not remembered, or the credential has expired since
   */
  believed(
    by: CredentialReference,
    repository: RepositoryName,
  ): (Omit<Seen<never>, 'content'> & { state: State }) | undefined {
    const known = this.#rightsMemory.peek(keyOf('nothing', by.kind, aboutRights(by, repository)));
    if (!known) return undefined;
    try {
      return { ...seenIn(by, repository, known.answer), state: known.state };
    } catch (error) {
      if (error instanceof DomainError) return undefined;
      throw error;
    }
  }
}

const credentialKinds = [
  'anonymous',
  ...(Object.keys(holderOf) as Credential['kind'][]),
] as const satisfies CredentialReference['kind'][];

/** What all kinds of questions share. */
interface Shared {
  readonly gathering: Gathering;
  readonly memory: StateMemory<HotRow>;
}

/** Characters that an answer without bytes is counted for in the memory. */
const rowSize = 1000;

/** One way to ask for each kind of credential: their statements differ, and each is planned once. */
function askers<Found extends HotRow>(
  orm: Orm,
  { gathering, memory }: Shared,
  content: HotContent,
): (kind: CredentialReference['kind'], question: HotQuestion) => Promise<Found> {
  const byKind = new Map(
    credentialKinds.map((kind) => {
      const statement = hotStatement(content, kind);
      const answerAll = async (questions: readonly HotQuestion[]) => {
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
    const key = keyOf(content, kind, question);
    // What lies under this key was a row of this statement.
    const known = (await memory.recall(key)) as Found | undefined;
    if (known) return known;
    const row = await ask(question);
    if (!row.fleeting) memory.remember(row.state, key, row, (row.payload?.length ?? 0) + rowSize);
    return row;
  };
}

const aboutRights = (by: CredentialReference, repository: RepositoryName): HotQuestion => ({
  credential: by.id ?? null,
  repository,
  tag: null,
  digest: null,
  whole: false,
});

/** Under what an answer is remembered. */
function keyOf(
  content: HotContent,
  kind: CredentialReference['kind'],
  { credential, repository, tag, digest, whole }: HotQuestion,
): string {
  return `${content} ${kind} ${credential ?? ''} ${repository} ${tag ?? ''} ${digest ?? ''} ${whole ? 'whole' : ''}`;
}

/** The caller and the repository in a row. @throws UNAUTHORIZED */
function seenIn({ kind, id }: CredentialReference, name: RepositoryName, row: HotRow): Omit<Seen<never>, 'content'> {
  let principal: Principal = anonymous;
  if (kind !== 'anonymous') {
    if (row.holder_id === null) throw credentialGone();
    const holder = {
      id: row.holder_id,
      namespaceId: row.holder_namespace_id,
      name: row.holder_name,
      isAdministrator: row.is_administrator,
      disabled: row.disabled,
      suspended: row.suspended,
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
