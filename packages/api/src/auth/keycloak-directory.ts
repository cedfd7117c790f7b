import { z } from 'zod';
import { DirectoryUnavailable, type Directory, type DirectoryPerson, type PersonState } from '@escale/domain/groups';
import type { ApiConfig, SyncConfig } from '../config.ts';
import { splitIssuer } from './issuer.ts';

/** People or groups that one answer holds. */
const pageSize = 100;
/** Milliseconds for one answer. */
const patience = 10_000;
/** A token is not used any more when it has fewer milliseconds left than this. */
const margin = 10_000;

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number() });
/** An optional field. A value of another type counts as absent, because it identifies nobody. */
const optionalText = z.string().max(1024).optional().catch(undefined);
const optionalFlag = z.boolean().optional().catch(undefined);
const person = z.object({
  id: z.string().min(1),
  username: optionalText,
  enabled: optionalFlag,
  firstName: optionalText,
  lastName: optionalText,
  email: optionalText,
  emailVerified: optionalFlag,
});
const group = z.object({ id: z.string().min(1), path: z.string() });

/** What an answer came to: what it says, or that there is no such thing. */
type Found = { readonly body: unknown } | 'absent';

/**
 * Keycloak's admin API as far as people and groups are read (`GET` alone), with the service account of a client that has the role
 * `view-users` of `realm-management`. Lists are read page by page to their end; whatever is not what Keycloak answers is an error.
 */
export class KeycloakDirectory implements Directory {
  readonly #issuer: string;
  readonly #admin: string;
  readonly #sync: SyncConfig;
  readonly #fetch: typeof globalThis.fetch;
  #token: { value: string; until: number } | undefined;

  constructor(oidc: Pick<ApiConfig['oidc'], 'issuer'>, sync: SyncConfig, fetch: typeof globalThis.fetch) {
    const { base, realm } = splitIssuer(oidc.issuer);
    this.#issuer = oidc.issuer;
    this.#admin = sync.url ?? `${base}/admin/realms/${realm}`;
    this.#sync = sync;
    this.#fetch = fetch;
  }

  async membersOf(path: string, signal?: AbortSignal): Promise<readonly string[]> {
    const found = await this.#get(
      `group-by-path/${path.split('/').filter(Boolean).map(encodeURIComponent).join('/')}`,
      signal,
    );
    if (found === 'absent') return [];
    // A group that was renamed between the two would be another one.
    const { id, path: name } = this.#read(group, found);
    // An address may lead elsewhere than the path says.
    if (name !== path) return [];
    const people = await this.#pages(person, `groups/${id}/members`, signal);
    return (people ?? []).filter(({ enabled }) => enabled !== false).map((member) => member.id);
  }

  async groupsOf(subject: string, signal?: AbortSignal): Promise<readonly string[]> {
    const who = `users/${encodeURIComponent(subject)}`;
    if ((await this.stateOf(subject, signal)) !== 'enabled') return [];
    const groups = await this.#pages(group, `${who}/groups`, signal);
    return (groups ?? []).map(({ path }) => path);
  }

  async stateOf(subject: string, signal?: AbortSignal): Promise<PersonState> {
    const found = await this.#get(`users/${encodeURIComponent(subject)}`, signal);
    if (found === 'absent') return 'absent';
    return this.#read(person, found).enabled === false ? 'disabled' : 'enabled';
  }

  async search(text: string, limit: number): Promise<readonly DirectoryPerson[]> {
    const query = new URLSearchParams({ search: text, max: String(limit), briefRepresentation: 'true' });
    const found = await this.#get(`users?${query.toString()}`);
    const people = found === 'absent' ? [] : this.#read(z.array(person), found);
    return people.flatMap(({ id, username, enabled, firstName, lastName, email, emailVerified = false }) => {
      if (enabled === false || username === undefined) return [];
      const name = [firstName, lastName].filter(Boolean).join(' ');
      return [
        {
          subject: id,
          username,
          ...(name !== '' && { name }),
          ...(email !== undefined && { email, ...(emailVerified && { emailVerified }) }),
        },
      ];
    });
  }

  /** All pages: to the first empty one, because a page may be short without being the last. @returns undefined: absent */
  async #pages<Item>(schema: z.ZodType<Item>, path: string, signal?: AbortSignal): Promise<Item[] | undefined> {
    const items: Item[] = [];
    for (let first = 0; ; first += pageSize) {
      const found = await this.#get(`${path}?first=${String(first)}&max=${String(pageSize)}`, signal);
      // What was there a page ago is just being deleted: the next look will know.
      if (found === 'absent') {
        if (first === 0) return undefined;
        throw new DirectoryUnavailable('Keycloak: a list ended in the middle', { isReachable: true });
      }
      const page = this.#read(z.array(schema), found);
      if (page.length === 0) return items;
      items.push(...page);
    }
  }

  async #get(path: string, signal?: AbortSignal): Promise<Found> {
    let answer = await this.#ask(path, signal);
    // The token may have been ended before its time: signing keys that changed, a session that an administrator ended.
    if (answer.status === 401) {
      this.#token = undefined;
      answer = await this.#ask(path, signal);
    }
    const body = await bodyOf(answer);
    if (answer.ok) return { body };
    const said = wordsOf(body);
    // "Group path does not exist", "Could not find group by id", "User not found"; a realm or a proxy that says 404 is another matter.
    if (answer.status === 404 && /\b(?:group|user)\b/i.test(said)) return 'absent';
    if (answer.status === 403) {
      throw new DirectoryUnavailable(
        `Keycloak refuses ${this.#sync.clientId} to read people and groups: its service account needs the role view-users of realm-management`,
        { isReachable: false },
      );
    }
    throw new DirectoryUnavailable(`Keycloak's admin API answers ${String(answer.status)} ${said}`.trim(), {
      isReachable: answer.status < 500,
    });
  }

  async #ask(path: string, signal?: AbortSignal): Promise<Response> {
    const token = await this.#accessToken(signal);
    return this.#send(`${this.#admin}/${path}`, { headers: { authorization: `Bearer ${token}` } }, signal);
  }

  async #accessToken(signal?: AbortSignal): Promise<string> {
    if (this.#token && Date.now() < this.#token.until) return this.#token.value;
    const { clientId, clientSecret } = this.#sync;
    const answer = await this.#send(
      `${this.#issuer}/protocol/openid-connect/token`,
      {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: clientId,
          client_secret: clientSecret,
        }),
      },
      signal,
    );
    const body = await bodyOf(answer);
    const token = tokenAnswer.safeParse(body);
    if (!answer.ok || !token.success) {
      throw new DirectoryUnavailable(
        `Keycloak gives ${clientId} no token (${String(answer.status)} ${wordsOf(body)}): check ESCALE_OIDC_SYNC_CLIENT_ID, ESCALE_OIDC_SYNC_CLIENT_SECRET and that service accounts are on for this client`,
        { isReachable: false },
      );
    }
    const { access_token: value, expires_in: seconds } = token.data;
    this.#token = { value, until: Date.now() + seconds * 1000 - margin };
    return value;
  }

  async #send(url: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
    const timeout = AbortSignal.timeout(patience);
    const bounded = signal ? AbortSignal.any([signal, timeout]) : timeout;
    try {
      return await this.#fetch(url, { ...init, redirect: 'error', signal: bounded });
    } catch (cause) {
      throw new DirectoryUnavailable(`Keycloak does not answer at ${new URL(url).origin}`, {
        isReachable: false,
        cause,
      });
    }
  }

  #read<Shape>(schema: z.ZodType<Shape>, { body }: { readonly body: unknown }): Shape {
    const read = schema.safeParse(body);
    if (read.success) return read.data;
    throw new DirectoryUnavailable(`what answers at ${this.#admin} is not Keycloak's admin API`, {
      isReachable: false,
    });
  }
}

/** @returns undefined for what is no JSON, or ended in the middle */
async function bodyOf(answer: Response): Promise<unknown> {
  return answer.json().catch(() => undefined);
}

const errorAnswer = z.object({
  error: z.string().optional(),
  errorMessage: z.string().optional(),
  error_description: z.string().optional(),
});

function wordsOf(body: unknown): string {
  const { error, errorMessage, error_description: described } = errorAnswer.safeParse(body).data ?? {};
  return (described ?? errorMessage ?? error ?? '').slice(0, 200);
}
