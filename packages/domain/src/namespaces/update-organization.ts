import type { Organization } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { optionalText } from '../inputs/optional-text.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireOrganization } from './require-organization.ts';
import { timeMachineChoice } from './time-machine.ts';

export interface OrganizationChange {
  readonly name: string;
  /** What is left out stays; null empties. */
  readonly contactEmail?: string | null | undefined;
  readonly description?: string | null | undefined;
  /** One of the registry's choices; null leaves it, too. */
  readonly timeMachineSeconds?: number | null | undefined;
}

/** @throws NOT_FOUND, DENIED below admin, INPUT_INVALID with the field at fault */
export async function updateOrganization(ctx: Context, input: OrganizationChange): Promise<Organization> {
  const organization = await requireOrganization(ctx, input.name, 'admin');
  const changed: string[] = [];
  if (input.contactEmail !== undefined) {
    organization.contactEmail = optionalText(input.contactEmail, 'contactEmail', 254);
    changed.push('contactEmail');
  }
  if (input.description !== undefined) {
    organization.description = optionalText(input.description, 'description', 10_000);
    changed.push('description');
  }
  if (input.timeMachineSeconds !== undefined && input.timeMachineSeconds !== null) {
    organization.namespace.timeMachineSeconds = await timeMachineChoice(ctx, input.timeMachineSeconds);
    changed.push('timeMachineSeconds');
  }
  if (changed.length > 0) recordUsage(ctx, 'organization.updated', { namespace: input.name, details: { changed } });
  await ctx.em.flush();
  return organization;
}
