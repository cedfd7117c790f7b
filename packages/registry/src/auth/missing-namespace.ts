import { registrySettings } from '@escale/domain/administration';
import type { Context } from '@escale/domain/context';
import { denied, DomainError } from '@escale/domain/errors';
import { namespaceNameAvailability } from '@escale/domain/namespaces';
import { splitRepositoryName, type RepositoryName } from '@escale/schema/values';

/**
 * Turns the refusal of a first push into a better one where its namespace does not exist: nobody could be given the right that the
 * refusal names. Whether an organization exists is public. One that was deleted still has its name, and is not told from others.
 * @param externalUrl of the console
 * @returns the refusal itself for a namespace that exists, and for anything but DENIED
 */
export async function orMissingNamespace(
  ctx: Context,
  name: RepositoryName,
  refusal: unknown,
  externalUrl: string,
): Promise<unknown> {
  if (!(refusal instanceof DomainError) || refusal.code !== 'DENIED') return refusal;
  const { namespace } = splitRepositoryName(name);
  const availability = await namespaceNameAvailability(ctx, namespace);
  if (availability === 'TAKEN') return refusal;
  const missing = `there is no organization ${namespace}`;
  if (availability !== 'VALID') {
    return denied(
      `${missing}, and none can have this name (it is ${availability.toLowerCase()}): push to another namespace`,
    );
  }
  const { organizationCreation } = await registrySettings(ctx);
  const who = organizationCreation === 'everyone' ? 'create it' : 'an administrator can create it';
  return denied(`${missing}; ${who} at ${externalUrl}/new/organization`);
}
