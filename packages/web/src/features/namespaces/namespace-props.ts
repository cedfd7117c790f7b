import type { RouteLocationNormalized } from 'vue-router';

/** What the pages below an organization and below a user have alike. */
export interface NamespaceProps {
  readonly namespace: string;
  /** A user's own, which has neither teams nor default permissions. */
  readonly personal: boolean;
}

export function namespaceProps({ params }: Pick<RouteLocationNormalized, 'params'>): NamespaceProps {
  const { organization, user } = params;
  return { namespace: String(organization ?? user), personal: organization === undefined };
}
