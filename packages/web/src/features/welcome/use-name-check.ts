import { computed, ref, watch, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { client } from '../../graphql/client.ts';
import { NamespaceNameDocument, type NameAvailability } from '../../graphql/generated/graphql.ts';

/** Milliseconds of rest before a name is looked up. */
const rest = 250;

/** Says while one types whether a user or an organization may have a name. */
export function useNameCheck(name: Ref<string>) {
  const { t } = useI18n();
  const availability = ref<NameAvailability>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    name,
    (typed) => {
      clearTimeout(timer);
      availability.value = undefined;
      if (typed === '') return;
      timer = setTimeout(() => {
        void client
          .query(NamespaceNameDocument, { name: typed }, { requestPolicy: 'network-only' })
          .toPromise()
          .then(({ data }) => {
            // An answer that comes late speaks of another name.
            if (name.value === typed) availability.value = data?.namespaceName;
          });
      }, rest);
    },
    { immediate: true },
  );
  return {
    availability,
    help: computed(() => availability.value && t(`name.${availability.value}`, { name: name.value })),
    bad: computed(() => availability.value !== undefined && availability.value !== 'VALID'),
  };
}
