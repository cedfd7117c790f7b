import { defineEntity, p } from '@mikro-orm/core';
import type { Digest } from '../values/digest.ts';
import { tagEventKinds } from '../values/tag-event-kind.ts';
import type { TagName } from '../values/tag-name.ts';
import { bytewise, id } from './base.ts';
import { Repository } from './repository.ts';

/** What happened to a tag, written with the change itself. Digests are copied: the history outlives what it speaks of. */
const TagEventSchema = defineEntity({
  name: 'TagEvent',
  tableName: 'tag_events',
  indexes: [{ properties: ['repository', 'at', 'id'] }, { properties: ['repository', 'name', 'at', 'id'] }],
  properties: {
    id: id(),
    repository: () => p.manyToOne(Repository).deleteRule('cascade'),
    name: bytewise().$type<TagName>(),
    kind: p.enum(tagEventKinds),
    at: p.datetime(),
    /** Login of who did it. */
    by: p.text(),
    /** What the tag names by this event; for an end, what it named. */
    digest: bytewise().$type<Digest>(),
    /** What it named before, where it was moved or restored away from something. */
    previousDigest: bytewise().$type<Digest>().nullable(),
    /** The expiry that it has by this event. */
    expiresAt: p.datetime().nullable(),
  },
});

export class TagEvent extends TagEventSchema.class {}
TagEventSchema.setClass(TagEvent);
