import type { Context as KoaContext } from 'koa';
import type { Vault } from '@escale/domain/credentials';

/** Whether cookies may demand a secure connection: not on plain http://localhost, where some clients drop them. */
export function overTls(externalUrl: string): boolean {
  return externalUrl.startsWith('https:');
}

/** Keeps a small value with the browser, unreadable and unalterable there, for some minutes. */
export function setSealedCookie(
  http: KoaContext,
  vault: Vault,
  options: { name: string; value: unknown; path: string; seconds: number; secure: boolean },
): void {
  const body = JSON.stringify({ value: options.value, until: Date.now() + options.seconds * 1000 });
  http.cookies.set(options.name, vault.seal(body, `cookie:${options.name}`).toString('base64url'), {
    httpOnly: true,
    sameSite: 'lax',
    path: options.path,
    maxAge: options.seconds * 1000,
    secure: options.secure,
    overwrite: true,
  });
}

/** @returns undefined when absent, altered, or too old */
export function readSealedCookie(http: KoaContext, vault: Vault, name: string): unknown {
  const text = http.cookies.get(name);
  if (text === undefined || text.length > 4096) return undefined;
  try {
    const { value, until } = JSON.parse(vault.open(Buffer.from(text, 'base64url'), `cookie:${name}`)) as {
      value: unknown;
      until: number;
    };
    return until > Date.now() ? value : undefined;
  } catch {
    return undefined;
  }
}
