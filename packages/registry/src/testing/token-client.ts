import type { TestRegistry } from './test-registry.ts';

/** What a client that asks for a token gets. */
export interface Answered {
  readonly status: number;
  readonly token: string;
  readonly access: { name: string; actions: string[]; id?: string }[];
  readonly body: Record<string, unknown>;
}

/** Reads an answer of the token service, and what its token says. */
export async function answered(answer: Response): Promise<Answered> {
  const body = (await answer.json()) as Record<string, unknown>;
  const token = typeof body['token'] === 'string' ? body['token'] : '';
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{"access":[]}';
  return { status: answer.status, token, body, ...(JSON.parse(payload) as Pick<Answered, 'access'>) };
}

/** @param header nobody signed in when it is undefined */
export async function askForToken(
  registry: TestRegistry,
  query: string,
  header: string | undefined,
): Promise<Answered> {
  return answered(await registry.send('GET', `/v2/auth?${query}`, header === undefined ? {} : { as: header }));
}
