import 'reflect-metadata';
import { GraphQLInputObjectType, OperationTypeNode, getNamedType, type GraphQLSchema } from 'graphql';
import { buildSchema as build, type MiddlewareFn, type PubSub } from 'type-graphql';
import { ExplainAccessResolver } from '../access/explain-access.resolver.ts';
import { AdministrationResolver, UserAdministrationResolver } from '../administration/administration.resolver.ts';
import { ApiTokenResolver, UserApiTokenResolver } from '../api-tokens/api-token.resolver.ts';
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
import { SubscriptionResolver } from '../subscriptions/subscription.resolver.ts';
import { TeamResolver } from '../teams/team.resolver.ts';
import {
  NamespaceUsageLogResolver,
  OrganizationUsageLogResolver,
  RepositoryUsageLogResolver,
  UsageLogExportResolver,
  UsageLogResolver,
} from '../usage-logs/usage-log.resolver.ts';
import { SessionResolver, UserSessionResolver } from '../users/session.resolver.ts';
import { UserResolver } from '../users/user.resolver.ts';
import { checkCaller, requireAccessRules } from './access-rule.ts';
import { forgetLoaded, type ApiContext } from './context.ts';
import { defaultsForNull } from './defaults-for-null.ts';

/** Root fields alone: what lies below them was let through above. */
const callerFirst: MiddlewareFn<ApiContext> = ({ info, context }, next) => {
  if (info.path.prev === undefined) checkCaller(context, info.parentType, info.fieldName);
  return next();
};

/** What was loaded before a mutation may be what it has changed: its answer, and the mutations after it, look again. */
const lookAgain: MiddlewareFn<ApiContext> = async ({ info, context }, next) => {
  if (info.path.prev !== undefined || info.operation.operation !== OperationTypeNode.MUTATION) return next();
  try {
    return await next();
  } finally {
    forgetLoaded(context);
  }
};

/** Inputs of which exactly one field is to be given; TypeGraphQL has no word for it. */
const oneOfInputs = ['GranteeInput'];

/** TypeGraphQL asks for one; subscriptions follow `LiveEvents` instead, which hears all processes. */
const noTopics: PubSub = {
  publish: () => {
    throw new Error('nothing is published within this process alone');
  },
  subscribe: () => {
    throw new Error('nothing is published within this process alone');
  },
};

/** What TypeGraphQL has no place for: descriptions of the three roots, and of a mutation's one argument. */
function describeRoots(schema: GraphQLSchema): void {
  const [query, mutation, subscription] = [
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
  ];
  if (query) query.description = 'What can be read. What one may not see looks as if it did not exist.';
  if (mutation)
    mutation.description = 'What can be changed. Each takes one input and answers with what has become of it.';
  if (subscription) subscription.description = 'What can be followed, as server-sent events.';
  for (const { args } of Object.values(mutation?.getFields() ?? {})) {
    for (const argument of args) argument.description ??= getNamedType(argument.type).description ?? null;
  }
}

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
      ApiTokenResolver,
      UserApiTokenResolver,
      SessionResolver,
      UserSessionResolver,
      ExplainAccessResolver,
      AdministrationResolver,
      UserAdministrationResolver,
      UsageLogResolver,
      UsageLogExportResolver,
      NamespaceUsageLogResolver,
      OrganizationUsageLogResolver,
      RepositoryUsageLogResolver,
      SubscriptionResolver,
    ],
    pubSub: noTopics,
    globalMiddlewares: [callerFirst, lookAgain, defaultsForNull],
    // Inputs are checked where the rule is known: in the domain.
    validate: false,
  });
  requireAccessRules(schema);
  describeRoots(schema);
  for (const name of oneOfInputs) {
    const input = schema.getType(name);
    if (!(input instanceof GraphQLInputObjectType)) throw new Error(`${name} is no input type`);
    input.isOneOf = true;
  }
  return schema;
}
