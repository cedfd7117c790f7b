import { change } from '../support/lively-scene.ts';
import { signIn } from '../support/sign-in.ts';
import type { Stack } from '../support/stack.ts';

/**
 * An organization of alice's with the repositories `app` and `web`, and people whom it may know.
 * @param more.groups that teams may follow, as an administrator of the registry has decided
 * @param more.teams each has bob as a member, and may write `web`
 */
export async function organizationScene(
  stack: Stack,
  organization: string,
  {
    teams = [],
    robots = [],
    groups,
  }: {
    readonly teams?: readonly string[];
    readonly robots?: readonly string[];
    readonly groups?: readonly string[];
  } = {},
): Promise<void> {
  const alice = await signIn(stack, 'alice');
  for (const username of ['bob', 'carol']) await signIn(stack, username);
  await change(alice, 'createOrganization', { name: organization });
  if (groups) {
    const admin = await signIn(stack, 'admin', { confirm: false });
    await change(admin, 'confirmUsername', { username: 'boss' });
    await change(admin, 'allowOrganizationGroups', { organization, patterns: groups });
  }
  for (const path of ['app', 'web']) await change(alice, 'createRepository', { name: `${organization}/${path}` });
  for (const team of teams) {
    await change(alice, 'createTeam', { organization, name: team, role: 'CREATOR' });
    await change(alice, 'addTeamMember', { organization, team, member: 'bob' });
    const granted = { repository: `${organization}/web`, grantee: { team }, role: 'WRITE' };
    await change(alice, 'setRepositoryPermission', granted);
  }
  for (const name of robots) await change(alice, 'createRobot', { namespace: organization, name });
}
