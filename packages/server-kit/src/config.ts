import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Everything that is wrong with the configuration, one problem a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads a configuration once: each variable from the environment, or from the file that `<NAME>_FILE` names.
 * @returns frozen
 * @throws ConfigError with every problem at once. Each line names its variable, and none repeats a value: it may be a secret.
 */
export function readConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<z.infer<z.ZodObject<Shape>>> {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  const refused = new Set<string>();
  for (const name of Object.keys(schema.shape)) {
    const before = problems.length;
    const value = valueOf(name, environment, problems);
    if (value !== undefined && cutsCredentials.test(value)) problems.push(`${named(name, environment)}: ${encodeThem}`);
    if (problems.length > before) refused.add(name);
    // An empty variable is what compose files write for "not set".
    else if (value !== undefined && value !== '') values[name] = value;
  }
  const read = schema.safeParse(values);
  for (const { path, message } of read.error?.issues ?? []) {
    const name = path.map(String).join('.');
    if (!refused.has(name)) problems.push(`${named(name, environment)}: ${message}`);
  }
  if (problems.length > 0 || !read.success) throw new ConfigError(problems.join('\n'));
  return Object.freeze(read.data);
}

/**
 * A URL in which an `@` follows the path, the query or the fragment: a `/`, `?` or `#` of the password ends the authority too early,
 * and what is left of the password would be taken for a host, a port or a parameter, and be printed as such.
 */
const cutsCredentials = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*[/?#].*@/is;
const encodeThem =
  'the user name and the password in it must be percent-encoded: / as %2F, ? as %3F, # as %23, @ as %40, % as %25';

/** A variable as the operator has set it. */
function named(name: string, environment: Readonly<Record<string, string | undefined>>): string {
  return environment[`${name}_FILE`] ? `${name} (from the file of ${name}_FILE)` : name;
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'its name is too long; the variable holds the name of a file, not the value',
};

function valueOf(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): string | undefined {
  const file = environment[`${name}_FILE`];
  if (!file) return environment[name];
  if (environment[name]) problems.push(`${name}: set either it or ${name}_FILE, not both`);
  try {
    const value = readFileSync(file, 'utf8').trimEnd();
    if (value === '') problems.push(`${name}_FILE: the file is empty`);
    return value;
  } catch (error) {
    // The name of the file is not repeated: some operators put the secret itself here.
    const why = unreadable[(error as NodeJS.ErrnoException).code ?? ''];
    problems.push(`${name}_FILE: the file cannot be read${why === undefined ? '' : ` (${why})`}`);
    return undefined;
  }
}

/** One row for each variable, from the schema's own descriptions and defaults: for the README, `.env.example`, `--help`. */
export function describeConfig(schema: z.ZodObject): { name: string; default: string; description: string }[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description, fallback } = factsOf(field);
    return { name, default: fallback ?? '', description: description ?? '' };
  });
}

/** What is said of a field, wherever in its wrappers: `z.string().describe('…').optional()` describes the inner one. */
function factsOf(field: z.core.$ZodType): { description: string | undefined; fallback: string | undefined } {
  const { description } = z.globalRegistry.get(field) ?? {};
  const given: unknown = field instanceof z.ZodDefault ? field.def.defaultValue : undefined;
  const fallback = typeof given === 'string' || given === undefined ? given : JSON.stringify(given);
  const wrapped = field instanceof z.ZodDefault || field instanceof z.ZodOptional || field instanceof z.ZodNullable;
  const inner = wrapped ? factsOf(field.def.innerType) : undefined;
  return { description: description ?? inner?.description, fallback: fallback ?? inner?.fallback };
}
