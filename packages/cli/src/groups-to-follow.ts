import { KeycloakDirectory } from '@escale/api/directory';
import type { GroupsToFollow } from '@escale/domain/groups';
import type { EscaleConfig } from './config.ts';

/** Whom to ask about groups without a sign-in; nobody where there are no credentials for it. */
export function groupsToFollow({
  oidc,
  sync,
  ESCALE_ADMIN_GROUP: adminGroup,
}: EscaleConfig): GroupsToFollow | undefined {
  if (!oidc || !sync) return undefined;
  return { directory: new KeycloakDirectory(oidc, sync, fetch), issuer: oidc.issuer, adminGroup };
}
