import type { Context as KoaContext } from 'koa';
import type { Principal } from '@escale/domain/access';

/** Bytes of all warnings in one answer (distribution-spec, Warnings). */
const warningLimit = 4096;
/** Characters of one; what people write may be endless. */
const textLimit = 1000;

/**
 * Tells the person behind a client something: `Warning: 299 - "…"`. Clients print it on terminals, so only plain characters
 * pass (T26). What exceeds the specification's limit is left out.
 */
export function warn(http: KoaContext, text: string): void {
  const plain = text.replace(/[^ -~]/g, '?').slice(0, textLimit);
  const value = `299 - "${plain.replace(/["\\]/g, '\\$&')}"`;
  const said = [http.response.headers['warning'] ?? []].flat().map(String);
  const bytes = [...said, value].reduce((sum, one) => sum + one.length, 0);
  if (bytes <= warningLimit) http.append('Warning', value);
}

const day = 24 * 60 * 60 * 1000;

/** A credential that ends within a week: told on every answer to whoever uses it. */
export function warnOfExpiry(http: KoaContext, principal: Principal, now: Date): void {
  if (principal.kind !== 'user' && principal.kind !== 'robot') return;
  const { expiresAt, title } = principal.credential;
  if (!expiresAt || expiresAt.getTime() - now.getTime() > 7 * day) return;
  const on = `expires on ${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  warn(
    http,
    principal.kind === 'robot'
      ? `this token of the robot ${principal.name} ${on}; an admin of its namespace can renew it`
      : `the application token "${title ?? ''}" ${on}; create another one in the console`,
  );
}
