import type { Middleware } from 'koa';

/** What the body of a request is refused for, before it is read as GraphQL; the message may be shown to anybody. */
export class BodyRefused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** JSON is UTF-8 (RFC 8259 §8.1); any other charset is a way around what looks at bodies before us (G3). */
export const refuseOtherCharsets: Middleware = (http, next) => {
  const { charset } = http.request;
  if (charset !== '' && !/^utf-?8$/i.test(charset)) throw new BodyRefused(415, 'BAD_REQUEST', 'JSON is sent as UTF-8');
  return next();
};

/** PostgreSQL keeps neither NUL nor half of a surrogate pair; both are refused here instead of failing there (G13). */
export const refuseIllFormedText: Middleware = (http, next) => {
  const { body } = http.request as { body?: unknown };
  refuseIllFormed(typeof body === 'object' && body !== null && 'variables' in body ? body.variables : undefined);
  return next();
};

/** What programs have been led astray with; no input of ours has a field of such a name. */
const namesOfTheLanguage = ['__proto__', 'constructor', 'prototype'];

/** @throws BodyRefused for a text anywhere in it that is none, or a field named after the language (T19) */
export function refuseIllFormed(variables: unknown): void {
  const open: unknown[] = [variables];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') {
      if (!isWellFormedText(value)) throw new BodyRefused(400, 'BAD_USER_INPUT', illFormedText);
    } else if (typeof value === 'object' && value !== null) {
      if (namesOfTheLanguage.some((name) => Object.hasOwn(value, name)))
        throw new BodyRefused(400, 'BAD_USER_INPUT', 'a variable has a field that no input has');
      for (const inner of Object.values(value)) open.push(inner);
    }
  }
}

export const illFormedText = 'a text holds what is no character: NUL, or half of one';

export function isWellFormedText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
