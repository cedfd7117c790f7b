import type { Realm } from './realm.ts';

/** A client of the realm `master` that may do everything; a person of the same name and secret may as well. */
export interface AdminCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Milliseconds before a token's end at which the next one is asked for. */
const margin = 15_000;

/** Keycloak's Admin API, for setting realms up and for changing in a test what an administrator would. */
export class KeycloakAdmin {
  readonly #url: string;
  readonly #credentials: AdminCredentials;
  #token: { text: string; until: number } | undefined;

  constructor(url: string, credentials: AdminCredentials) {
    this.#url = url;
    this.#credentials = credentials;
  }

  /**
   * @param path below `/admin/realms`: `/escale/users?username=alice&exact=true`
   * @param body sent as JSON
   * @returns the answer's JSON; for something that was made, and for an answer without a body, undefined
   * @throws Error for every answer that is not 2xx
   */
  async ask<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.#send(method, path, body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Keycloak answered ${method} ${path} with ${String(answer.status)}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }

  /** Makes a realm. */
  async createRealm(realm: Realm): Promise<void> {
    await this.ask('POST', '', realm);
  }

  async hasRealm(name: string): Promise<boolean> {
    const answer = await this.#send('GET', `/${name}`);
    await answer.body?.cancel();
    return answer.ok;
  }

  /** Keycloak's id of a client. @throws Error when there is none of that name */
  async clientOf(realm: string, clientId: string): Promise<{ id: string; [property: string]: unknown }> {
    const [found] = await this.ask<{ id: string }[]>('GET', `/${realm}/clients?clientId=${clientId}`);
    if (!found) throw new Error(`the realm ${realm} has no client ${clientId}`);
    return found;
  }

  /** Keycloak's id of a person: the subject of tokens. @throws Error when there is nobody of that name */
  async subjectOf(realm: string, username: string): Promise<string> {
    const [found] = await this.ask<{ id: string }[]>('GET', `/${realm}/users?username=${username}&exact=true`);
    if (!found) throw new Error(`the realm ${realm} has no user ${username}`);
    return found.id;
  }

  async #send(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#url}/admin/realms${path}`, {
      method,
      headers: { Authorization: `Bearer ${await this.#bearer()}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async #bearer(): Promise<string> {
    if (this.#token && this.#token.until > Date.now()) return this.#token.text;
    const { clientId, clientSecret } = this.#credentials;
    const answer = await fetch(`${this.#url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
      }),
    });
    if (!answer.ok) throw new Error(`Keycloak gave its administrator no token: ${await answer.text()}`);
    const { access_token, expires_in } = (await answer.json()) as { access_token: string; expires_in: number };
    this.#token = { text: access_token, until: Date.now() + expires_in * 1000 - margin };
    return access_token;
  }
}
