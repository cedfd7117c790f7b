import 'reflect-metadata';
import { GraphQLInputObjectType, type GraphQLSchema } from 'graphql';
import { buildSchema as build, type MiddlewareFn } from 'type-graphql';
import { ApplicationTokenResolver } from '../application-tokens/application-token.resolver.ts';
import { DefaultPermissionResolver } from '../default-permissions/default-permission.resolver.ts';
import { NamespaceResolver } from '../namespaces/namespace.resolver.ts';
import { OrganizationPartsResolver } from '../organizations/organization-parts.resolver.ts';
import { OrganizationResolver } from '../organizations/organization.resolver.ts';
import {
  ImageConfigResolver,
  ManifestResolver,
  PlatformManifestResolver,
  RepositoryManifestResolver,
} from '../manifests/manifest.resolver.ts';
import { RepositoryAccessResolver } from '../repositories/repository-access.resolver.ts';
import { RepositoryPermissionResolver } from '../repositories/permission.resolver.ts';
import { RepositoryResolver } from '../repositories/repository.resolver.ts';
import { RobotResolver } from '../robots/robot.resolver.ts';
import { SearchResolver } from '../search/search.resolver.ts';
import { ServerResolver } from '../server/server.resolver.ts';
import { RepositoryTagResolver, TagResolver } from '../tags/tag.resolver.ts';
import { TeamResolver } from '../teams/team.resolver.ts';
import { UserResolver } from '../users/user.resolver.ts';
import { checkCaller, requireAccessRules } from './access-rule.ts';
import type { ApiContext } from './context.ts';

/** Root fields alone: what lies below them was let through above. */
const callerFirst: MiddlewareFn<ApiContext> = ({ info, context }, next) => {
  if (info.path.prev === undefined) checkCaller(context, info);
  return next();
};

/** Inputs of which exactly one field is to be given; TypeGraphQL has no word for it. */
const oneOfInputs = ['GranteeInput'];

/** The management API's schema. @throws Error when a root field declares no access rule */
export async function buildSchema(): Promise<GraphQLSchema> {
  const schema = await build({
    resolvers: [
      ServerResolver,
      UserResolver,
      NamespaceResolver,
      OrganizationResolver,
      OrganizationPartsResolver,
      TeamResolver,
      DefaultPermissionResolver,
      ApplicationTokenResolver,
      RobotResolver,
      RepositoryResolver,
      RepositoryAccessResolver,
      RepositoryPermissionResolver,
      RepositoryTagResolver,
      RepositoryManifestResolver,
      TagResolver,
      ManifestResolver,
      PlatformManifestResolver,
      ImageConfigResolver,
      SearchResolver,
    ],
    globalMiddlewares: [callerFirst],
    // Inputs are checked where the rule is known: in the domain.
    validate: false,
  });
  requireAccessRules(schema);
  for (const name of oneOfInputs) {
    const input = schema.getType(name);
    if (!(input instanceof GraphQLInputObjectType)) throw new Error(`${name} is no input type`);
    input.isOneOf = true;
  }
  return schema;
}
