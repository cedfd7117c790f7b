import { Field, InterfaceType } from 'type-graphql';
import { Organization as OrganizationEntity } from '@escale/schema/entities';

@InterfaceType({
  description: 'The first part of a repository name: a user or an organization.',
  resolveType: (value: object) => (value instanceof OrganizationEntity ? 'Organization' : 'User'),
})
export abstract class Namespace {
  @Field(() => String, { description: 'The user name, or the name of the organization.' })
  name!: string;
}
