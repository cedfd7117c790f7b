import { z } from 'zod';
import type { Logger } from '@escale/server-kit/logger';

/** The optional claims about a person. A claim that was absent or malformed is absent here. */
export interface ReadClaims {
  readonly preferred_username?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly groups?: readonly string[];
  readonly client_id?: string;
  readonly azp?: string;
  readonly sid?: string;
}

/** Groups that are read of one person. */
const mostGroups = 5000;

const text = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^\P{Cc}+$/u);
const readers = {
  preferred_username: text(255),
  email: text(254).regex(/^[^@\s]+@[^@\s]+$/),
  email_verified: z.boolean(),
  client_id: text(255),
  azp: text(255),
  sid: text(255),
} as const;
const group = text(1024);

/**
 * Reads what verified claims say of a person. A claim of another type or length is as if it were not there, so that no odd claim
 * keeps anybody from signing in, and none gives a right.
 * @param ignored gets the name and the kind of what was ignored, for `noteIgnored`; never a value
 */
export function readClaims(claims: Readonly<Record<string, unknown>>, ignored: Set<string>): ReadClaims {
  const read: Record<string, unknown> = {};
  for (const [name, reader] of Object.entries(readers)) {
    const value = claims[name];
    if (value === undefined) continue;
    const found = reader.safeParse(value);
    if (found.success) read[name] = found.data;
    else ignored.add(`${name}: ${kindOf(value)}`);
  }
  const groups = readGroups(claims['groups'], ignored);
  return { ...read, ...(groups && { groups }) };
}

function readGroups(value: unknown, ignored: Set<string>): string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    ignored.add(`groups: ${kindOf(value)}`);
    return undefined;
  }
  if (value.length > mostGroups) ignored.add(`groups: beyond ${String(mostGroups)}`);
  return value.slice(0, mostGroups).filter((one: unknown): one is string => {
    if (group.safeParse(one).success) return true;
    ignored.add(`one of groups: ${kindOf(one)}`);
    return false;
  });
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'an unusable text' : typeof value;
}

/** Distinct notes that one process logs: claims come with every request. */
const mostNotes = 50;
const told = new WeakMap<Pick<Logger, 'warn'>, Set<string>>();

/** Logs what was ignored of somebody's claims, each kind once. */
export function noteIgnored(logger: Pick<Logger, 'warn'>, ignored: ReadonlySet<string>): void {
  const before = told.get(logger) ?? new Set();
  told.set(logger, before);
  const fresh = [...ignored].filter((note) => !before.has(note)).slice(0, mostNotes - before.size);
  if (fresh.length === 0) return;
  for (const note of fresh) before.add(note);
  logger.warn(
    { claims: fresh },
    'the identity provider sent claims of another form than OpenID Connect or Keycloak give them; they are ignored',
  );
}
