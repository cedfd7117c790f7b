import type { Principal } from '../access/principal.ts';

/** Who changes what follows from the identity provider. */
export const identityProvider: Principal = { kind: 'system', name: 'identity provider' };
