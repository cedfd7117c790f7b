/** Whether a login is an e-mail address. User names with an `@` count as addresses, so that neither can pass for the other. */
export function isAddress(login: string): boolean {
  return login.includes('@');
}

/**
 * A login as logins are compared: ASCII letters in lower case. Unicode's rules would make one of `K` (U+212A, Kelvin sign) and `k`,
 * which are two people at the provider.
 */
export function foldLogin(login: string): string {
  return login.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
