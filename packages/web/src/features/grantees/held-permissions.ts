import { client, failureOf, type Failure } from '../../graphql/client.ts';
import {
  RobotPermissionsDocument,
  TeamPermissionsDocument,
  type HeldPermissionsFragment,
  type RepositoryRole,
} from '../../graphql/generated/graphql.ts';
import type { Grantee } from './grantee.ts';

type Held = Readonly<Record<string, RepositoryRole>>;

/** What a team or a robot may do now, by the full name of the repository: all of it, page by page. */
export async function heldPermissions(
  namespace: string,
  personal: boolean,
  grantee: Grantee,
): Promise<{ held: Held; failure?: undefined } | { held?: undefined; failure: Failure }> {
  const held: Record<string, RepositoryRole> = {};
  let after: string | undefined;
  for (;;) {
    const { page, failure } = await (grantee.kind === 'Team'
      ? teamPage(namespace, grantee.name, after)
      : robotPage(namespace, personal, grantee.name, after));
    if (failure) return { failure };
    for (const { repository, role } of page?.nodes ?? []) held[repository.name] = role;
    if (!page?.pageInfo.hasNextPage) return { held };
    after = page.pageInfo.endCursor ?? undefined;
  }
}

interface PageAnswer {
  readonly page?: HeldPermissionsFragment | undefined;
  readonly failure?: Failure | undefined;
}

const fresh = { requestPolicy: 'network-only' } as const;

async function teamPage(organization: string, team: string, after: string | undefined): Promise<PageAnswer> {
  const { data, error } = await client.query(TeamPermissionsDocument, { organization, team, after }, fresh).toPromise();
  return { page: data?.organization?.team?.repositories, failure: error && failureOf(error) };
}

async function robotPage(
  namespace: string,
  personal: boolean,
  login: string,
  after: string | undefined,
): Promise<PageAnswer> {
  const robot = login.slice(login.indexOf('+') + 1);
  const { data, error } = await client
    .query(RobotPermissionsDocument, { namespace, robot, personal, after }, fresh)
    .toPromise();
  const found = data?.organization?.robot ?? data?.user?.robot;
  return { page: found?.repositories, failure: error && failureOf(error) };
}
