import { z } from 'zod';

/** The client of the identity provider that this product is, and where it is called back. */
export interface OidcClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

/** What a discovery document says, as far as signing in needs it. */
export const metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  userinfo_endpoint: z.url().optional(),
});
export type Metadata = z.infer<typeof metadata>;

/** Milliseconds that an answer may take. */
const patience = 10_000;

/** Follows no redirect. @throws Error when nothing answers in time */
export function ask(url: string | URL, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { redirect: 'manual', ...init, signal: AbortSignal.timeout(patience) });
}

const tokenAnswer = z.object({
  error: z.string().optional(),
  error_description: z.string().optional(),
  access_token: z.string().optional(),
  id_token: z.string().optional(),
});

/** Changes a code into tokens, as the product does at the end of a sign-in. */
export async function exchange(
  { token_endpoint }: Metadata,
  { clientId, clientSecret, redirectUri }: OidcClient,
  { code, verifier }: { code: string; verifier: string },
): Promise<z.infer<typeof tokenAnswer> & { readonly status: number }> {
  const answer = await ask(token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uri: redirectUri,
      code,
      code_verifier: verifier,
    }),
  });
  const body = tokenAnswer.safeParse(await answer.json().catch(() => undefined));
  return { status: answer.status, ...body.data };
}
