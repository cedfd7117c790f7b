import { computed, ref, watch } from 'vue';
import { useI18n } from 'vue-i18n';
import { client } from '../../graphql/client.ts';
import { RepositoryNameDocument } from '../../graphql/generated/graphql.ts';

/** Milliseconds of rest before a name is looked up. */
const rest = 250;
/** The rule of repository names (distribution-spec, Pulling manifests); the length counts with the namespace. */
const wellFormed = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const longest = 255;

/** Says while one types whether a repository may have this name; the server has the last word. */
export function useRepositoryCheck(name: () => { namespace: string; path: string }) {
  const { t } = useI18n();
  const state = ref<'VALID' | 'TAKEN' | 'INVALID'>();
  const full = computed(() => `${name().namespace}/${name().path}`);
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(full, (typed) => {
    clearTimeout(timer);
    state.value = undefined;
    if (name().path === '') return;
    if (!wellFormed.test(name().path) || typed.length > longest) {
      state.value = 'INVALID';
      return;
    }
    timer = setTimeout(() => {
      void client
        .query(RepositoryNameDocument, { name: typed }, { requestPolicy: 'network-only' })
        .toPromise()
        .then(({ data }) => {
          // An answer that comes late speaks of another name.
          if (full.value === typed && data) state.value = data.repository ? 'TAKEN' : 'VALID';
        });
    }, rest);
  });
  return {
    help: computed(() => state.value && t(`repositories.check.${state.value}`, { name: full.value })),
    bad: computed(() => state.value === 'TAKEN' || state.value === 'INVALID'),
  };
}
