import ui from '@nuxt/ui/vue-plugin';
import { createApp } from 'vue';
import App from './App.vue';
import { loadSession } from './auth/session.ts';
import { signInAgainWanted } from './features/sign-in/sign-in-again.ts';
import { whenOutdated, whenSessionLost, whenSignInTooOld } from './graphql/client.ts';
import { i18n, language, loadLanguage } from './i18n/index.ts';
import { router } from './router.ts';
import './style.css';
// From the first page on: dialogs, which use it, come later.
import './ui/focus-place.ts';
import { keepForms } from './ui/kept-form.ts';

whenSessionLost(() => {
  const here = router.currentRoute.value;
  if (here.meta.open) return;
  keepForms(here.fullPath);
  void loadSession().then(({ viewer }) =>
    viewer ? undefined : router.replace({ path: '/sign-in', query: { reason: 'expired', returnTo: here.fullPath } }),
  );
});

whenSignInTooOld(() => {
  signInAgainWanted.value = true;
});

whenOutdated(() => {
  // Once in a minute at most: while hosts are updated one after the other, the next may be of the former build again.
  const key = 'escale-reloaded';
  if (Date.now() - Number(sessionStorage.getItem(key) ?? 0) < 60_000) return;
  sessionStorage.setItem(key, String(Date.now()));
  keepForms(router.currentRoute.value.fullPath);
  window.location.reload();
});

// A page that the browser kept whole for the back button may show what was private: it is asked for anew.
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) window.location.reload();
});

await loadLanguage(language.value);
createApp(App).use(router).use(i18n).use(ui).mount('#app');
