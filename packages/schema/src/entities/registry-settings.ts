import { defineEntity, p } from '@mikro-orm/core';

/** What administrators decide for the whole registry: one row, absent until somebody changes a default. */
const RegistrySettingsSchema = defineEntity({
  name: 'RegistrySettings',
  tableName: 'registry_settings',
  properties: {
    /** Always `registry`. */
    id: p.text().primary(),
    /** Seconds that an organization may keep overwritten and deleted tags for. */
    timeMachineChoices: p.json<number[]>(),
    /** Of new namespaces; one of the choices. */
    timeMachineSeconds: p.integer(),
    /** Days that a token may live at most; null for no ceiling. */
    applicationTokenDays: p.integer().nullable(),
    robotTokenDays: p.integer().nullable(),
    apiTokenDays: p.integer().nullable(),
    organizationCreation: p.enum(['everyone', 'administrators'] as const),
    /** Days that usage logs are kept for; null for ever. */
    logRetentionDays: p.integer().nullable(),
    changedAt: p.datetime(),
  },
});

export class RegistrySettings extends RegistrySettingsSchema.class {}
RegistrySettingsSchema.setClass(RegistrySettings);
