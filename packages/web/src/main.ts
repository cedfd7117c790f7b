import ui from '@nuxt/ui/vue-plugin';
import { createApp } from 'vue';
import App from './App.vue';
import { whenSessionLost } from './graphql/client.ts';
import { i18n } from './i18n/index.ts';
import { router } from './router.ts';
import './style.css';

whenSessionLost(() => {
  const here = router.currentRoute.value;
  if (here.meta.open) return;
  void router.replace({ path: '/sign-in', query: { reason: 'expired', returnTo: here.fullPath } });
});

createApp(App).use(router).use(i18n).use(ui).mount('#app');
