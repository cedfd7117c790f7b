/**
 * Headers of every answer, errors included: nothing frames it, nothing guesses its type, and it may load nothing. The console
 * and the sign-in pages replace the policy with their own.
 * @param overTls browsers reach this installation by https alone: they are told to keep to that for a year
 */
export function securityHeaders(overTls: boolean): readonly (readonly [name: string, value: string])[] {
  return [
    ['Content-Security-Policy', "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"],
    ['X-Frame-Options', 'DENY'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Referrer-Policy', 'same-origin'],
    ...(overTls ? ([['Strict-Transport-Security', 'max-age=31536000; includeSubDomains']] as const) : []),
  ];
}
