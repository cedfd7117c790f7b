import { OciClient } from '../support/oci.ts';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly artifacts: readonly { readonly kind: string; readonly content: string }[];
}

/** A request that the product answered, as its access log has it. */
export interface Answered {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** The started product with an organization `acme` of alice's. */
export interface Acme {
  readonly stack: Stack;
  /** What clients write before a repository name. */
  readonly host: string;
  readonly alice: SignedIn;
  /** Our own client with alice's rights, to see what the real ones have done. */
  readonly oci: OciClient;
  createToken(title: string, expiresAt?: string): Promise<Credentials>;
  createRobot(name: string): Promise<Credentials>;
  allow(robot: string, repository: string, role: 'READ' | 'WRITE' | 'ADMIN'): Promise<void>;
  makePublic(repository: string): Promise<void>;
  /** Everything answered so far; the last lines may take a moment to arrive. */
  answered(): Answered[];
}

const pasteable = 'credentials { username password artifacts { kind content } }';

/** What a person would paste. */
export function artifact({ artifacts }: Credentials, kind: string): string {
  const found = artifacts.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`there is no artifact ${kind}`);
  return found.content;
}

export async function startAcme(
  blobStore: 'filesystem' | 'azurite' = 'filesystem',
  environment: Readonly<Record<string, string>> = {},
): Promise<Acme> {
  const stack = await startStack({ blobStore, environment: { ESCALE_LOG_LEVEL: 'debug', ...environment } });
  const alice = await signIn(stack, 'alice');
  await alice.ask('mutation { createOrganization(input: { name: "acme" }) { organization { name } } }');
  const createToken = async (title: string, expiresAt?: string) => {
    const { createApplicationToken } = await alice.ask<{ createApplicationToken: { credentials: Credentials } }>(
      `mutation ($input: CreateApplicationTokenInput!) { createApplicationToken(input: $input) { ${pasteable} } }`,
      { input: { title, expiresAt } },
    );
    return createApplicationToken.credentials;
  };
  return {
    stack,
    host: stack.host,
    alice,
    oci: new OciClient(stack.url, await createToken('tests')),
    createToken,
    createRobot: async (name) => {
      const { createRobot } = await alice.ask<{ createRobot: { credentials: Credentials } }>(
        `mutation ($input: CreateRobotInput!) { createRobot(input: $input) { ${pasteable} } }`,
        { input: { namespace: 'acme', name } },
      );
      return createRobot.credentials;
    },
    allow: async (robot, repository, role) => {
      await alice.ask(
        'mutation ($input: SetRepositoryPermissionInput!) { setRepositoryPermission(input: $input) { permission { role } } }',
        { input: { repository, grantee: { robot }, role } },
      );
    },
    makePublic: async (repository) => {
      await alice.ask(
        'mutation ($input: SetRepositoryVisibilityInput!) { setRepositoryVisibility(input: $input) { repository { name } } }',
        { input: { repository, visibility: 'PUBLIC' } },
      );
    },
    answered: () => readAccessLog(stack.logs()),
  };
}

function readAccessLog(log: string): Answered[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}') && line.includes('"answered"'))
    .map((line) => JSON.parse(line) as Answered);
}
