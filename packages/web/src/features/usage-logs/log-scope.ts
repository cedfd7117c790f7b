/** Whose log is shown. */
export interface LogScope {
  readonly kind: 'repository' | 'organization' | 'user' | 'registry';
  /** `acme/app`, `acme` or `alice`; empty for the whole registry. */
  readonly name: string;
}

/** As the queries take it: each kind of log has its own place in the API. */
export function scopeVariables({ kind, name }: LogScope) {
  return {
    name,
    isRepository: kind === 'repository',
    isOrganization: kind === 'organization',
    isUser: kind === 'user',
    isRegistry: kind === 'registry',
  };
}

/** As an export and a live tail take it. */
export function scopeInput({ kind, name }: LogScope): { namespace?: string; repository?: string } {
  if (kind === 'registry') return {};
  return kind === 'repository'
    ? { namespace: name.slice(0, name.indexOf('/')), repository: name }
    : { namespace: name };
}
