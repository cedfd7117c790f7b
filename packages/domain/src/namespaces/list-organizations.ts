import { Organization } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';

/**
 * The organizations that the caller is in a team of, by name; all of them for registry administrators.
 * @param page.search part of a name
 */
export async function listOrganizations(
  ctx: Context,
  page: PageInput & { readonly search?: string | null | undefined },
): Promise<Page<Organization>> {
  const { principal } = ctx;
  if (principal.kind !== 'user' && principal.kind !== 'system') return { items: [], totalCount: 0, hasNextPage: false };
  const search = page.search?.trim().toLowerCase() ?? '';
  const all = principal.kind === 'system' || principal.isAdministrator;
  return keysetPage(ctx, Organization, {
    from: 'organizations x join namespaces n on n.id = x.namespace_id',
    where: [
      'n.deleted_at is null',
      ...(all
        ? []
        : [
            'exists (select 1 from teams t join team_memberships m on m.team_id = t.id where t.organization_id = x.id and m.user_id = ?)',
          ]),
      ...(search === '' ? [] : ['strpos(n.name, ?) > 0']),
    ].join(' and '),
    parameters: [...(all ? [] : [principal.id]), ...(search === '' ? [] : [search])],
    order: [{ sql: 'n.name' }],
    page,
  });
}
