/**
 * Where to go after signing in: a path of ours and nothing else (an open redirect is a phisher's gift).
 * @returns '/' for anything that is not plainly such a path
 */
export function safeReturnTo(asked: string | null | undefined): string {
  if (!asked || asked.length > 2048) return '/';
  // A single slash first; no backslash, no control character, which browsers read as slashes or skip.
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  return /^\/(?![/\\])[^\\\u0000-\u001f\u007f]*$/.test(asked) ? asked : '/';
}
