export { installKeycloak } from './distribution.ts';
export { KeycloakAdmin, type AdminCredentials } from './admin.ts';
export { realmOf, type Realm, type RealmSettings } from './realm.ts';
export { startKeycloak, type Keycloak } from './server.ts';
