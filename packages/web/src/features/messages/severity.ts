import type { MessageSeverity } from '../../graphql/generated/graphql.ts';

export const severities = {
  INFO: { color: 'info', icon: 'i-lucide-info' },
  WARNING: { color: 'warning', icon: 'i-lucide-triangle-alert' },
  ERROR: { color: 'error', icon: 'i-lucide-circle-alert' },
} as const satisfies Record<MessageSeverity, { color: string; icon: string }>;
