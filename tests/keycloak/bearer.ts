import type { Scene } from './scene.ts';

/** What the API answered to a bearer. */
export interface BearerAnswer {
  readonly status: number;
  readonly data: { readonly viewer?: { readonly username: string } | null } | undefined;
  /** Of the first error. */
  readonly message: string | undefined;
  readonly challenge: string;
}

/** Asks the management API who one is, by a bearer. */
export async function bearer(
  { stack }: Pick<Scene, 'stack'>,
  token: string,
  query = '{ viewer { username } }',
): Promise<BearerAnswer> {
  const answer = await fetch(`${stack.url}/graphql`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await answer.json()) as {
    data?: { viewer?: { username: string } | null };
    errors?: { message: string }[];
  };
  return {
    status: answer.status,
    data,
    message: errors?.[0]?.message,
    challenge: answer.headers.get('www-authenticate') ?? '',
  };
}
