import 'reflect-metadata';
import { GraphQLInputObjectType, type GraphQLSchema } from 'graphql';
import { buildSchema as build, type MiddlewareFn } from 'type-graphql';
import { ApplicationTokenResolver } from '../application-tokens/application-token.resolver.ts';
import { OrganizationResolver } from '../organizations/organization.resolver.ts';
import {
  ImageConfigResolver,
  ManifestResolver,
  PlatformManifestResolver,
  RepositoryManifestResolver,
} from '../manifests/manifest.resolver.ts';
import { RepositoryPermissionResolver, RepositoryResolver } from '../repositories/repository.resolver.ts';
import { RobotResolver } from '../robots/robot.resolver.ts';
import { ServerResolver } from '../server/server.resolver.ts';
import { RepositoryTagResolver, TagResolver } from '../tags/tag.resolver.ts';
import { UserResolver } from '../users/user.resolver.ts';
import { requireConfirmed, type ApiContext } from './context.ts';

/** Root fields alone: what lies below them was let through above. */
const confirmedFirst: MiddlewareFn<ApiContext> = ({ info, context }, next) => {
  if (info.path.prev === undefined) requireConfirmed(context, info.fieldName);
  return next();
};

/** Inputs of which exactly one field is to be given; TypeGraphQL has no word for it. */
const oneOfInputs = ['GranteeInput'];

/** The management API's schema. */
export async function buildSchema(): Promise<GraphQLSchema> {
  const schema = await build({
    resolvers: [
      ServerResolver,
      UserResolver,
      OrganizationResolver,
      ApplicationTokenResolver,
      RobotResolver,
      RepositoryResolver,
      RepositoryPermissionResolver,
      RepositoryTagResolver,
      RepositoryManifestResolver,
      TagResolver,
      ManifestResolver,
      PlatformManifestResolver,
      ImageConfigResolver,
    ],
    globalMiddlewares: [confirmedFirst],
    // Inputs are checked where the rule is known: in the domain.
    validate: false,
  });
  for (const name of oneOfInputs) {
    const input = schema.getType(name);
    if (!(input instanceof GraphQLInputObjectType)) throw new Error(`${name} is no input type`);
    input.isOneOf = true;
  }
  return schema;
}
