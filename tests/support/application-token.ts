import type { SignedIn } from './sign-in.ts';

/** Makes an application token. @returns what docker login takes */
export async function applicationToken(
  person: SignedIn,
  title: string,
): Promise<{ username: string; password: string }> {
  const { createApplicationToken } = await person.ask<{
    createApplicationToken: { credentials: { username: string; password: string } };
  }>(
    'mutation ($title: String!) { createApplicationToken(input: { title: $title }) { credentials { username password } } }',
    { title },
  );
  return createApplicationToken.credentials;
}
