import { computed } from 'vue';
import { useI18n } from 'vue-i18n';

/** What may be done on a repository, with what each means in words. */
export function useRepositoryRoles() {
  const { t } = useI18n();
  return {
    roles: computed(() =>
      (['READ', 'WRITE', 'ADMIN'] as const).map((value) => ({
        value,
        label: t(`repository.${value}`),
        description: t(`grantees.means.${value}`),
      })),
    ),
  };
}
