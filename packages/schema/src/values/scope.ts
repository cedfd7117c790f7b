import { repositoryActions, type RepositoryAction } from './role.ts';
import { parseRepositoryName, type RepositoryName } from './repository-name.ts';

/** What a client asks a token for: `repository:<name>:<actions>` or `registry:catalog:*`. */
export type Scope =
  | { readonly kind: 'repository'; readonly name: RepositoryName; readonly actions: readonly RepositoryAction[] }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'unknown'; readonly text: string };

/**
 * Reads one scope. Resource names may hold a port's colon, so the last colon ends the name (distribution, token scope).
 * @returns `unknown` for a type or name that exists nowhere here: such a scope grants nothing, which is no error
 */
export function parseScope(text: string): Scope {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first < 0 || last <= first) return { kind: 'unknown', text };
  const type = withoutClass(text.slice(0, first));
  const resource = text.slice(first + 1, last);
  const asked = text.slice(last + 1).split(',');
  if (type === 'registry' && resource === 'catalog') return { kind: 'catalog' };
  const name = type === 'repository' ? parseRepositoryName(resource) : undefined;
  if (!name) return { kind: 'unknown', text };
  return {
    kind: 'repository',
    name,
    actions: repositoryActions.filter((a) => asked.includes(a) || (asked.includes('*') && a !== 'mount')),
  };
}

/** `repository(plugin)` is a repository all the same. */
function withoutClass(type: string): string {
  const opening = type.endsWith(')') ? type.indexOf('(') : -1;
  return opening < 0 ? type : type.slice(0, opening);
}

/** Several scopes in either form: repeated parameters, or one parameter with spaces. */
export function parseScopes(parameters: readonly string[]): Scope[] {
  return parameters.flatMap((parameter) => parameter.split(' ').filter(Boolean)).map(parseScope);
}

export function scopeText(name: RepositoryName, actions: readonly RepositoryAction[]): string {
  return `repository:${name}:${actions.join(',')}`;
}
