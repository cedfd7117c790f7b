import { Field, ID, ObjectType } from 'type-graphql';
import type { Repository } from '@escale/schema/entities';
import { connectionOf } from '../graphql/connection.ts';
import { DateTime } from '../graphql/scalars.ts';

@ObjectType({ description: 'A repository that was deleted and can still be restored.' })
export class DeletedRepository {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => String, { description: '`namespace/path`; another repository may have the name by now.' })
  name!: string;

  @Field(() => DateTime, { description: 'When it was deleted.' })
  deletedAt!: Date;

  @Field(() => String, { nullable: true, description: 'Login of who deleted it.' })
  deletedBy?: string | null | undefined;

  @Field(() => DateTime, { description: 'From then on it may be gone for good.' })
  restorableUntil!: Date;
}

export const DeletedRepositoryConnection = connectionOf('DeletedRepository', () => DeletedRepository);

export function toDeleted({ id, name, deletedAt, deletedBy, purgeAt, createdAt }: Repository): DeletedRepository {
  return { id, name, deletedAt: deletedAt ?? createdAt, deletedBy, restorableUntil: purgeAt ?? createdAt };
}
