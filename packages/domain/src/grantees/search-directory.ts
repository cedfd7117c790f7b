import { DomainError } from '../errors.ts';
import type { Context } from '../context.ts';
import { DirectoryUnavailable, type Directory, type DirectoryPerson } from '../groups/directory.ts';
import { requireOrganization } from '../namespaces/require-organization.ts';
import { pageSize } from '../page.ts';

/** Below that, an answer would be a list of everybody. */
const shortest = 2;

/**
 * People whom the identity provider knows and who have never signed in here: by the beginning of a user name or of a name, or by a
 * whole e-mail address. For those who may put people into teams.
 * @returns nobody where the provider cannot be asked
 * @throws UNAUTHORIZED, NOT_FOUND, DENIED below admin of the organization, UNAVAILABLE while the provider does not answer
 */
export async function searchDirectory(
  ctx: Context,
  input: { readonly organization: string; readonly text: string; readonly first?: number | null | undefined },
  from: { readonly directory: Directory | undefined; readonly issuer: string },
): Promise<readonly DirectoryPerson[]> {
  await requireOrganization(ctx, input.organization, 'admin');
  const limit = pageSize({ first: input.first ?? 10 });
  const text = input.text.trim().toLowerCase().slice(0, 255);
  if (!from.directory || text.length < shortest) return [];
  const found = (await ask(from.directory, text)).filter((person) => begins(person, text));
  if (found.length === 0) return [];
  const rows = await ctx.em.execute<{ subject: string }[]>(
    `select subject from users where issuer = ? and subject in (${found.map(() => '?').join(', ')})`,
    [from.issuer, ...found.map(({ subject }) => subject)],
  );
  const here = new Set(rows.map(({ subject }) => subject));
  return found.filter(({ subject }) => !here.has(subject)).slice(0, limit);
}

async function ask(directory: Directory, text: string): Promise<readonly DirectoryPerson[]> {
  try {
    return await directory.search(text, 50);
  } catch (error) {
    if (error instanceof DirectoryUnavailable) throw new DomainError('UNAVAILABLE', error.message);
    throw error;
  }
}

/** Providers search in more than that. The beginning of an address, or an address that is not verified, must not find anybody. */
function begins({ username, name = '', email, emailVerified }: DirectoryPerson, text: string): boolean {
  const words = name.toLowerCase().split(/\s+/);
  return (
    username.toLowerCase().startsWith(text) ||
    (emailVerified === true && email?.toLowerCase() === text) ||
    name.toLowerCase().startsWith(text) ||
    words.some((word) => word.startsWith(text))
  );
}
