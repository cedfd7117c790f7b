/** Where a Keycloak realm lies. An empty realm for an issuer that is no Keycloak's. */
export function splitIssuer(issuer: string): { readonly base: string; readonly realm: string } {
  const [, base, realm] = /^(.*)\/realms\/([^/]+)\/?$/.exec(issuer) ?? [];
  // Another provider's sign-in works all the same; only its access tokens are refused.
  return base === undefined || realm === undefined ? { base: issuer, realm: '' } : { base, realm };
}
