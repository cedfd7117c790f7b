import { User } from '@escale/schema/entities';
import { requireAdministrator } from '../access/require-administrator.ts';
import type { Context } from '../context.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';

/** Everybody who ever signed in, by name, the disabled ones too. @throws DENIED to all but administrators */
export async function listUsers(
  ctx: Context,
  {
    search,
    disabled,
    page,
  }: { search?: string | null | undefined; disabled?: boolean | null | undefined; page: PageInput },
): Promise<Page<User>> {
  requireAdministrator(ctx);
  const sought = search ? [search.slice(0, 255).replaceAll('\0', '').toLowerCase()] : [];
  const conditions = [
    ...(sought.length > 0 ? [`(strpos(n.name, ?) > 0 or strpos(lower(coalesce(x.email, '')), ?) > 0)`] : []),
    ...(disabled == null ? [] : [`x.disabled_at is ${disabled ? 'not null' : 'null'}`]),
  ];
  return keysetPage(ctx, User, {
    from: 'users x join namespaces n on n.id = x.namespace_id',
    where: conditions.join(' and ') || 'true',
    parameters: [...sought, ...sought],
    order: [{ sql: 'n.name' }],
    page,
  });
}
