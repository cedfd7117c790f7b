import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What differs between one realm and another that are made of `realm.json`. */
export interface RealmSettings {
  /** `escale` when not given. */
  readonly name?: string;
  /** Where the product is reached, without a slash at the end. */
  readonly externalUrl: string;
  /** Of every person. */
  readonly password: string;
  /** Of the clients `escale-web`, `escale-automation` and `escale-sync`. */
  readonly clientSecret: string;
  readonly automationSecret: string;
  readonly syncSecret: string;
}

/** A realm as Keycloak's Admin API takes it; more than these is in it. */
export interface Realm {
  realm: string;
  clients: Record<string, unknown>[];
  [property: string]: unknown;
}

/** The realm of `realm.json` with everything filled in that it leaves to be said. */
export function realmOf(settings: RealmSettings): Realm {
  const { name = 'escale' } = settings;
  const values: Record<string, string> = {
    ESCALE_EXTERNAL_URL: settings.externalUrl,
    ESCALE_DEMO_PASSWORD: settings.password,
    ESCALE_OIDC_CLIENT_SECRET: settings.clientSecret,
    ESCALE_AUTOMATION_SECRET: settings.automationSecret,
    ESCALE_SYNC_SECRET: settings.syncSecret,
  };
  const text = readFileSync(path.join(import.meta.dirname, 'realm.json'), 'utf8')
    // Every realm has a role of this name.
    .replaceAll('default-roles-escale', `default-roles-${name}`)
    .replace(/\$\{(\w+)\}/g, (_, variable: string) => {
      const value = values[variable];
      if (value === undefined) throw new Error(`realm.json asks for ${variable}, which nobody says`);
      return JSON.stringify(value).slice(1, -1);
    });
  return { ...(JSON.parse(text) as Realm), realm: name };
}
