import { Namespace, Organization, Team, TeamMembership, User } from '@escale/schema/entities';
import { registrySettings, requireMayCreateOrganizations } from '../administration/registry-settings.ts';
import type { Context } from '../context.ts';
import { namespaceTaken } from '../errors.ts';
import { onConflict } from '../on-conflict.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireUser } from '../users/require-user.ts';
import { optionalText } from '../inputs/optional-text.ts';
import { checkNamespaceName } from './namespace-name.ts';

export interface NewOrganization {
  readonly name: string;
  readonly contactEmail?: string | null | undefined;
  readonly description?: string | null | undefined;
}

/**
 * Makes an organization with its team `owners` (admin), in which the creator is.
 * @throws DENIED where administrators alone make organizations, NAME_INVALID, NAME_RESERVED, NAMESPACE_TAKEN, INPUT_INVALID with the field at fault
 */
export async function createOrganization(ctx: Context, input: NewOrganization): Promise<Organization> {
  const creator = requireUser(ctx);
  await requireMayCreateOrganizations(ctx);
  const { timeMachineSeconds } = await registrySettings(ctx);
  const namespace = ctx.em.create(Namespace, {
    name: checkNamespaceName(input.name, 'name'),
    kind: 'organization',
    timeMachineSeconds,
  });
  const organization = ctx.em.create(Organization, {
    namespace,
    contactEmail: optionalText(input.contactEmail, 'contactEmail', 254),
    description: optionalText(input.description, 'description', 10_000),
  });
  const owners = ctx.em.create(Team, { organization, name: 'owners', role: 'admin' });
  ctx.em.create(TeamMembership, { team: owners, user: ctx.em.getReference(User, creator.id) });
  recordUsage(ctx, 'organization.created', { namespace: input.name, namespaceId: namespace.id });
  await onConflict(
    () => namespaceTaken(input.name, 'name'),
    () => ctx.em.flush(),
  );
  return organization;
}
