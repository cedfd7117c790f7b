import { p } from '@mikro-orm/core';
import { v7 } from 'uuid';

/** Time-ordered ids (RFC 9562, version 7): opaque to clients, kind to database indexes. */
export const id = () =>
  p
    .uuid()
    .primary()
    .onCreate(() => v7());

/** Set once, when the row is made. */
export const createdAt = () => p.datetime().onCreate(() => new Date());

/** Text that is compared byte by byte: names, digests and tags page in byte order (T33). */
export const bytewise = () => p.text().collation('C');
