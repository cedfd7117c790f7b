import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Everything that is wrong with the configuration, one problem a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads a configuration once: each variable from the environment, or from the file that `<NAME>_FILE` names.
 * @returns frozen
 * @throws ConfigError with every problem at once
 */
export function readConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<z.infer<z.ZodObject<Shape>>> {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = valueOf(name, environment, problems);
    // An empty variable is what compose files write for "not set".
    if (value !== undefined && value !== '') values[name] = value;
  }
  const read = schema.safeParse(values);
  for (const issue of read.error?.issues ?? []) problems.push(`${issue.path.join('.')}: ${issue.message}`);
  if (problems.length > 0 || !read.success) throw new ConfigError(problems.join('\n'));
  return Object.freeze(read.data);
}

function valueOf(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): string | undefined {
  const file = environment[`${name}_FILE`];
  if (!file) return environment[name];
  if (environment[name]) problems.push(`${name}: set either it or ${name}_FILE, not both`);
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch {
    problems.push(`${name}_FILE: the file cannot be read`);
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
