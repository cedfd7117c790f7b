/**
 * Lets openid-client read every refusal of the token endpoint (RFC 6749 §5.2). It ignores the reason when the answer carries an
 * authentication challenge or another type than `application/json`, and passes on descriptions that are no text. A person who was
 * refused in such words would keep everything. An answer with 5xx stays as it is: it refuses nobody.
 */
export function withPlainRefusals(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const answer = await fetch(input, init);
    if (init?.method !== 'POST' || answer.status < 400 || answer.status > 499) return answer;
    const body: unknown = await answer
      .clone()
      .json()
      .catch(() => undefined);
    if (typeof body !== 'object' || body === null || !('error' in body) || typeof body.error !== 'string')
      return answer;
    const words = 'error_description' in body ? body.error_description : undefined;
    const plain = { error: body.error, ...(typeof words === 'string' && { error_description: words }) };
    return Response.json(plain, { status: answer.status });
  };
}
