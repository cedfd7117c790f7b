import { createHash } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';

/** Sends the form below by itself; where scripts do not run, its button remains. */
const submitForm = `document.getElementById('op.logoutForm').submit();`;
const submitFormHash = `sha256-${createHash('sha256').update(submitForm).digest('base64')}`;

/** Signing out asks nothing more: the console's button was the question, and so Keycloak does it. */
export function logoutSource(ctx: KoaContextWithOIDC, form: string): void {
  ctx.set(
    'Content-Security-Policy',
    `default-src 'none'; script-src '${submitFormHash}'; frame-ancestors 'none'; base-uri 'none'`,
  );
  ctx.body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign out</title>
${form}<input type="hidden" form="op.logoutForm" name="logout" value="yes">
<button type="submit" form="op.logoutForm" autofocus>Sign out</button>
<script>${submitForm}</script></html>`;
}

/** Where signing out ends when nobody is to be sent back. */
export function postLogoutSuccessSource(ctx: KoaContextWithOIDC): void {
  ctx.body = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Signed out</title><h1>Signed out</h1></html>';
}
