import { createHash } from 'node:crypto';

interface SignInPage {
  /** Where the form posts to. */
  readonly action: string;
  /** Accept-Language. */
  readonly language: string;
  /** What was typed before. */
  readonly username: string;
  readonly problem?: 'wrong' | 'wait';
  readonly usernames: readonly string[];
}

const texts = {
  en: {
    title: 'Sign in to the demo',
    hint: (names: string) => `A demonstration: sign in as ${names}. The password was printed when Escale started.`,
    username: 'Username',
    password: 'Password',
    submit: 'Sign in',
    wrong: 'Invalid username or password.',
    wait: 'Too many failed attempts. Wait a minute and try again.',
    or: 'or',
  },
  fr: {
    title: 'Connexion à la démonstration',
    hint: (names: string) =>
      `Une démonstration : connectez-vous comme ${names}. Le mot de passe a été affiché au démarrage d’Escale.`,
    username: 'Nom d’utilisateur',
    password: 'Mot de passe',
    submit: 'Se connecter',
    wrong: 'Nom d’utilisateur ou mot de passe incorrect.',
    wait: 'Trop de tentatives. Attendez une minute et réessayez.',
    or: 'ou',
  },
};

const style = `
:root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif; --edge: #d4d4d8; --ground: #fafafa; --card: #fff; --text: #18181b; --dim: #52525b; --accent: #2563eb; --on: #fff; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --edge: #3f3f46; --ground: #09090b; --card: #18181b; --text: #fafafa; --dim: #a1a1aa; --accent: #60a5fa; --on: #09090b; --bad: #f87171; } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--text); }
main { width: min(22rem, calc(100vw - 2rem)); padding: 2rem; border: 1px solid var(--edge); border-radius: 6px; background: var(--card); box-sizing: border-box; }
h1 { margin: 0 0 .25rem; font-size: 1.25rem; }
p { margin: 0 0 1rem; color: var(--dim); }
label { display: block; margin: .75rem 0 .25rem; font-weight: 500; }
input { width: 100%; box-sizing: border-box; padding: .5rem .625rem; border: 1px solid var(--edge); border-radius: 6px; background: var(--card); color: inherit; font: inherit; }
button { width: 100%; margin-top: 1.25rem; padding: .55rem; border: 0; border-radius: 6px; background: var(--accent); color: var(--on); font: inherit; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
[role=alert] { color: var(--bad); }`;

const styleHash = `sha256-${createHash('sha256').update(style).digest('base64')}`;

/** The demo identity provider's one page; inputs are named as Keycloak names them. No script. */
export function signInPage(page: SignInPage): { html: string; styleHash: string } {
  const language = /^\s*fr\b/i.test(page.language) ? 'fr' : 'en';
  const text = texts[language];
  const names = page.usernames.slice(0, -1).join(', ') + ` ${text.or} ${page.usernames.at(-1) ?? ''}`;
  const html = `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${text.title}</title><style>${style}</style></head>
<body><main>
<h1>${text.title}</h1>
<p>${escaped(text.hint(names))}</p>
${page.problem ? `<p role="alert">${text[page.problem]}</p>` : ''}
<form method="post" action="${escaped(page.action)}" id="kc-form-login">
<label for="username">${text.username}</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" required value="${escaped(page.username)}"${page.username ? '' : ' autofocus'}>
<label for="password">${text.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${page.username ? ' autofocus' : ''}>
<button type="submit" id="kc-login">${text.submit}</button>
</form>
</main></body>
</html>`;
  return { html, styleHash };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
