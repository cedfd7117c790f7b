import { useI18n } from 'vue-i18n';
import type { EffectivePermissionsQuery } from '../../graphql/generated/graphql.ts';

type Effective = NonNullable<EffectivePermissionsQuery['repository']>['effectivePermissions']['nodes'][number];
export type Reason = Effective['reasons'][number];

/** Says one reason in words: `Write: team acme/dev`. */
export function useReason(): (reason: Reason) => string {
  const { t } = useI18n();
  return ({ kind, role, through }) =>
    t('permissions.reasonAs', {
      role: t(`repository.${role}`),
      reason: t(`permissions.reason.${kind}`, { through: through ?? '' }),
    });
}
