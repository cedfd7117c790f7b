/** A browser without a window: what a script needs to sign in. */
export class CookieJar {
  /** By host and name; the path decides to whom a cookie is sent. */
  readonly #cookies = new Map<string, { value: string; path: string; host: string; name: string }>();

  take(url: URL, answer: Response): void {
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/';
      const gone = value === '' || attributes.some((attribute) => /^max-age=0$/i.test(attribute));
      const key = `${url.host} ${path} ${name}`;
      if (gone) this.#cookies.delete(key);
      else this.#cookies.set(key, { value, path, host: url.host, name });
    }
  }

  header(url: URL): string {
    return [...this.#cookies.values()]
      .filter(({ host, path }) => host === url.host && url.pathname.startsWith(path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  async fetch(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address);
    const headers = new Headers(init.headers);
    const cookie = this.header(url);
    if (cookie) headers.set('Cookie', cookie);
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    this.take(url, answer);
    return answer;
  }

  /** Follows redirects to the first answer that is none. */
  async follow(address: string | URL, init: RequestInit = {}): Promise<{ url: URL; answer: Response }> {
    let url = new URL(address);
    let answer = await this.fetch(url, init);
    for (let hops = 0; hops < 20; hops += 1) {
      const location = answer.headers.get('location');
      if (answer.status < 300 || answer.status > 399 || location === null) return { url, answer };
      await answer.body?.cancel();
      url = new URL(location, url);
      answer = await this.fetch(url);
    }
    throw new Error('too many redirects');
  }
}

export interface GraphQLAnswer<Data> {
  readonly data?: Data;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { code?: string; field?: string } }[];
}

/** Somebody signed in. */
export interface SignedIn {
  readonly jar: CookieJar;
  /** Where signing in ended: the page that a person would see. */
  readonly landedOn: URL;
  graphql<Data = Record<string, unknown>>(query: string, variables?: object): Promise<GraphQLAnswer<Data>>;
  /** The same, and an error is a failure of the test. */
  ask<Data = Record<string, unknown>>(query: string, variables?: object): Promise<Data>;
}

/** Signs in through the provider's form as a person does, and confirms the name that is offered. */
export async function signIn(
  stack: { url: string; demoPassword: string },
  username: string,
  { confirm = true, password = stack.demoPassword }: { confirm?: boolean; password?: string } = {},
): Promise<SignedIn> {
  const jar = new CookieJar();
  const page = await jar.follow(`${stack.url}/auth/login`);
  const form = await page.answer.text();
  const action = /<form[^>]*action="([^"]+)"/.exec(form)?.[1]?.replaceAll('&#38;', '&').replaceAll('&amp;', '&');
  if (action === undefined) throw new Error(`no sign-in form at ${page.url.href}: ${form.slice(0, 300)}`);
  const landed = await jar.follow(new URL(action, page.url), {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ username, password }).toString(),
  });
  await landed.answer.body?.cancel();
  const graphql = async <Data>(query: string, variables: object = {}): Promise<GraphQLAnswer<Data>> => {
    const answer = await jar.fetch(`${stack.url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'x-escale-csrf': '1', Origin: stack.url },
      body: JSON.stringify({ query, variables }),
    });
    return (await answer.json()) as GraphQLAnswer<Data>;
  };
  const ask = async <Data>(query: string, variables: object = {}): Promise<Data> => {
    const { data, errors } = await graphql<Data>(query, variables);
    if (errors || !data) throw new Error(JSON.stringify(errors));
    return data;
  };
  if (confirm) {
    await ask('mutation ($input: ConfirmUsernameInput!) { confirmUsername(input: $input) { viewer { username } } }', {
      input: { username },
    });
  }
  return { jar, landedOn: landed.url, graphql, ask };
}
