import { Access } from '../graphql/access-rule.ts';
import {
  Arg,
  Field,
  ID,
  ObjectType,
  registerEnumType,
  Resolver,
  Root,
  Subscription,
  type SubscribeResolverData,
} from 'type-graphql';
import type { UsageLogEntry as UsageLogEntryEntity } from '@escale/schema/entities';
import { findAccessible } from '@escale/domain/access';
import { DomainError, nameUnknown } from '@escale/domain/errors';
import { requireUsageReader, type ReadableUsage, type UsageKind } from '@escale/domain/usage-logs';
import { parseRepositoryName } from '@escale/schema/values';
import { createContext, type ApiContext } from '../graphql/context.ts';
import { ByteCount, DateTime } from '../graphql/scalars.ts';
import { UsageLogEntry } from '../usage-logs/usage-log.type.ts';
import type { LiveEvent } from './live-events.ts';

const RepositoryEventKind = {
  TAG_SET: 'TAG_SET',
  TAG_DELETED: 'TAG_DELETED',
  TAG_CHANGED: 'TAG_CHANGED',
  MANIFEST_PUSHED: 'MANIFEST_PUSHED',
  MANIFEST_DELETED: 'MANIFEST_DELETED',
  UPLOAD_PROGRESS: 'UPLOAD_PROGRESS',
} as const;
type RepositoryEventKind = (typeof RepositoryEventKind)[keyof typeof RepositoryEventKind];

registerEnumType(RepositoryEventKind, {
  name: 'RepositoryEventKind',
  description: 'What happened in a repository.',
  valuesConfig: {
    TAG_SET: { description: 'A tag was made, moved or restored.' },
    TAG_DELETED: { description: 'A tag was deleted, or has expired.' },
    TAG_CHANGED: { description: 'The expiry or the immutability of a tag was changed.' },
    MANIFEST_PUSHED: { description: 'A manifest was pushed without a tag.' },
    MANIFEST_DELETED: { description: 'A manifest was deleted.' },
    UPLOAD_PROGRESS: { description: 'Bytes of a blob are arriving; said once a second.' },
  },
});

@ObjectType({ description: 'How far the upload of a blob has come.' })
class UploadState {
  @Field(() => ID, { description: 'Of the upload session.' })
  id!: string;

  @Field(() => ByteCount, { description: 'Bytes that have arrived.' })
  receivedBytes!: number;
}

@ObjectType({ description: 'Something that happened in a repository, without who did it.' })
class RepositoryEvent {
  @Field(() => RepositoryEventKind, { description: 'What happened.' })
  kind!: RepositoryEventKind;

  @Field(() => DateTime, { description: 'When.' })
  at!: Date;

  @Field(() => String, { nullable: true, description: 'The tag, where the event concerns one.' })
  tag?: string | null | undefined;

  @Field(() => String, { nullable: true, description: 'Of the manifest, where the event concerns one.' })
  digest?: string | null | undefined;

  @Field(() => UploadState, { nullable: true, description: 'Of UPLOAD_PROGRESS.' })
  upload?: UploadState | undefined;
}

/** What of the usage log everybody may know who sees the repository. */
const repositoryEvents: Partial<Record<UsageKind, RepositoryEventKind>> = {
  'repository.pushed': 'TAG_SET',
  'tag.set': 'TAG_SET',
  'tag.restored': 'TAG_SET',
  'tag.deleted': 'TAG_DELETED',
  'tag.expired': 'TAG_DELETED',
  'tag.expiry_changed': 'TAG_CHANGED',
  'tag.immutability_changed': 'TAG_CHANGED',
  'manifest.deleted': 'MANIFEST_DELETED',
};

type Data = SubscribeResolverData<LiveEvent, Record<string, unknown>, ApiContext>;

@Resolver()
export class SubscriptionResolver {
  @Access('signed in', 'namespace admin')
  @Subscription(() => UsageLogEntry, {
    description: 'Entries of usage logs as they are written; for admins of the repository or the namespace.',
    subscribe: followUsage,
  })
  usageLog(
    @Root() event: LiveEvent | DomainError,
    @Arg('namespace', () => String, { description: 'A user or an organization.' }) _namespace: string,
    @Arg('repository', () => String, { nullable: true, description: 'Only of this repository, `namespace/path`.' })
    _repository: string | undefined,
  ): UsageLogEntryEntity {
    return usageOf(shown(event));
  }

  @Access('anyone', 'visible')
  @Subscription(() => RepositoryEvent, {
    description: 'What happens to tags and uploads of a repository; for all who see it.',
    subscribe: followRepository,
  })
  repositoryActivity(
    @Root() event: LiveEvent | DomainError,
    @Arg('repository', () => String, { description: '`namespace/path`.' }) _repository: string,
  ): RepositoryEvent {
    return repositoryEvent(shown(event));
  }
}

function followUsage({ args, context }: Data): Promise<AsyncGenerator<LiveEvent | DomainError, void>> {
  const namespace = String(args['namespace']);
  const repository = typeof args['repository'] === 'string' ? args['repository'] : undefined;
  // What was admitted last: a name may be given to another one.
  let readable: ReadableUsage | undefined;
  return context.services.liveEvents.follow({
    wants: (event) =>
      event.kind === 'usage' &&
      event.entry.namespaceId === readable?.namespaceId &&
      (repository === undefined || event.entry.repositoryId === readable?.repositoryId),
    admit: async () => {
      readable = await requireUsageReader(await askAgain(context), { namespace, repository });
    },
  });
}

async function followRepository({ args, context }: Data): Promise<AsyncGenerator<LiveEvent | DomainError, void>> {
  const name = parseRepositoryName(String(args['repository']));
  if (!name) throw nameUnknown(String(args['repository']));
  // The id of the repository that was admitted last: a name may be given to another one.
  let id: string | undefined;
  return context.services.liveEvents.follow({
    wants: (event) =>
      event.kind === 'upload'
        ? event.progress.repositoryId === id
        : event.entry.repositoryId === id && Object.hasOwn(repositoryEvents, event.entry.kind),
    admit: async () => {
      const repository = await findAccessible(await askAgain(context), name);
      if (!repository?.role) throw nameUnknown(name);
      id = repository.id;
    },
  });
}

/** Who calls, as things are now: a subscription outlives sessions, tokens and rights. @throws UNAUTHORIZED, DENIED */
function askAgain({ services, http }: ApiContext): Promise<ApiContext> {
  return createContext(services, http, { touch: false });
}

/** The last value of a subscription that may not go on is the reason. @throws DomainError */
function shown(event: LiveEvent | DomainError): LiveEvent {
  if (event instanceof DomainError) throw event;
  return event;
}

function usageOf(event: LiveEvent): UsageLogEntryEntity {
  if (event.kind !== 'usage') throw new TypeError('a usage log follows entries alone');
  return event.entry;
}

function repositoryEvent(event: LiveEvent): RepositoryEvent {
  if (event.kind === 'upload') {
    const { uploadId, bytes } = event.progress;
    return { kind: 'UPLOAD_PROGRESS', at: new Date(), upload: { id: uploadId, receivedBytes: bytes } };
  }
  const { kind, at, tag, digest } = event.entry;
  const known = repositoryEvents[kind as UsageKind];
  if (!known) throw new TypeError(`${kind} is nothing that happens in a repository`);
  const untagged = kind === 'repository.pushed' && !tag;
  return { kind: untagged ? 'MANIFEST_PUSHED' : known, at, tag, digest };
}
