import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { people } from './demo-people.ts';
import { signInPage } from './demo-sign-in-page.ts';

/** Failed sign-ins of one user name before it must wait, and for how many milliseconds. */
const patience = { failures: 10, pause: 60_000 };

/** The sign-in form and its answer. */
export class DemoSignIn {
  readonly #provider: Provider;
  readonly #issuer: string;
  readonly #password: string;
  readonly #guard = new Guard();

  /** @param settings.password of every person */
  constructor(provider: Provider, { issuer, password }: { issuer: string; password: string }) {
    this.#provider = provider;
    this.#issuer = issuer;
    this.#password = password;
  }

  /** Shows the form, or takes it. @throws SessionNotFound of the library when the sign-in has expired */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const details = await this.#provider.interactionDetails(request, response);
    const action = `${new URL(this.#issuer).pathname}/interaction/${details.uid}`;
    const language = request.headers['accept-language'] ?? '';
    const page = (problem?: 'wrong' | 'wait', username = '') => {
      const { html, styleHash } = signInPage({
        action,
        language,
        username,
        ...(problem && { problem }),
        usernames: people.map((person) => person.username),
      });
      response.writeHead(problem ? 401 : 200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Cache-Control': 'no-store',
        'Content-Security-Policy': `default-src 'none'; style-src '${styleHash}'; base-uri 'none'; frame-ancestors 'none'`,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
      });
      response.end(html);
    };
    if (request.method !== 'POST') {
      page();
      return;
    }
    const form = new URLSearchParams(await formText(request));
    const username = (form.get('username') ?? '').trim().toLowerCase().slice(0, 64);
    if (this.#guard.mustWait(username)) {
      page('wait', username);
      return;
    }
    const person = people.find((one) => one.username === username);
    if (!same(form.get('password') ?? '', this.#password) || !person) {
      this.#guard.failed(username);
      page('wrong', username);
      return;
    }
    this.#guard.succeeded(username);
    await this.#provider.interactionFinished(request, response, { login: { accountId: person.sub } });
  }
}

async function formText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request as AsyncIterable<Buffer>) {
    text += piece.toString('latin1');
    if (text.length > 10_000) throw new Error('the form is too large');
  }
  return text;
}

/** Compares hashes of one length, in constant time. */
function same(given: string, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}

/** Slows down guessing. Bounded: names that do not exist share one entry. */
class Guard {
  readonly #failures = new Map<string, { count: number; until: number }>();

  mustWait(username: string): boolean {
    const entry = this.#failures.get(this.#key(username));
    return entry !== undefined && entry.count >= patience.failures && entry.until > Date.now();
  }

  failed(username: string): void {
    const key = this.#key(username);
    const before = this.#failures.get(key);
    const count = before && before.until > Date.now() ? before.count + 1 : 1;
    this.#failures.set(key, { count, until: Date.now() + patience.pause });
  }

  succeeded(username: string): void {
    this.#failures.delete(this.#key(username));
  }

  #key(username: string): string {
    return people.some((person) => person.username === username) ? username : '';
  }
}
