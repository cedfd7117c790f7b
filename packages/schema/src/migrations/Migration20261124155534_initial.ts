import { Migration } from '@mikro-orm/migrations';

export class Migration20261124155534_initial extends Migration {

  override name = 'Migration20261124155534_initial';

  override up(): void | Promise<void> {
    this.addSql(`create table "blobs" ("id" uuid not null, "digest" text collate "C" not null, "size" bigint not null, "storage_key" text not null, "state" text not null default 'live', "lease_until" timestamptz not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "blobs" add constraint "blobs_storage_key_unique" unique ("storage_key");`);
    this.addSql(`create unique index "blobs_live_digest" on "blobs" ("digest") where "state" = 'live';`);

    this.addSql(`create table "namespaces" ("id" uuid not null, "name" text collate "C" not null, "kind" text not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "namespaces" add constraint "namespaces_name_unique" unique ("name");`);

    this.addSql(`create table "organizations" ("id" uuid not null, "namespace_id" uuid not null, "contact_email" text null, "description" text null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "organizations" add constraint "organizations_namespace_id_unique" unique ("namespace_id");`);

    this.addSql(`create table "repositories" ("id" uuid not null, "namespace_id" uuid not null, "name" text collate "C" not null, "visibility" text not null default 'private', "description" text null, "created_by" text not null, "last_pushed_at" timestamptz null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "repositories_namespace_id_index" on "repositories" ("namespace_id");`);
    this.addSql(`alter table "repositories" add constraint "repositories_name_unique" unique ("name");`);

    this.addSql(`create table "manifests" ("id" uuid not null, "repository_id" uuid not null, "digest" text collate "C" not null, "media_type" text not null, "artifact_type" text null, "payload" bytea not null, "size" int not null, "subject_digest" text collate "C" null, "annotations" jsonb not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "manifests_repository_id_subject_digest_index" on "manifests" ("repository_id", "subject_digest");`);
    this.addSql(`alter table "manifests" add constraint "manifests_repository_id_digest_unique" unique ("repository_id", "digest");`);

    this.addSql(`create table "manifest_children" ("parent_id" uuid not null, "position" int not null, "digest" text collate "C" not null, "platform" text null, primary key ("parent_id", "position"));`);
    this.addSql(`create index "manifest_children_digest_index" on "manifest_children" ("digest");`);

    this.addSql(`create table "manifest_blobs" ("manifest_id" uuid not null, "blob_id" uuid not null, primary key ("manifest_id", "blob_id"));`);
    this.addSql(`create index "manifest_blobs_blob_id_index" on "manifest_blobs" ("blob_id");`);

    this.addSql(`create table "repository_blobs" ("repository_id" uuid not null, "blob_id" uuid not null, "created_at" timestamptz not null, primary key ("repository_id", "blob_id"));`);
    this.addSql(`create index "repository_blobs_blob_id_index" on "repository_blobs" ("blob_id");`);

    this.addSql(`create table "robots" ("id" uuid not null, "namespace_id" uuid not null, "name" text collate "C" not null, "description" text null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "robots" add constraint "robots_namespace_id_name_unique" unique ("namespace_id", "name");`);

    this.addSql(`create table "robot_tokens" ("id" uuid not null, "robot_id" uuid not null, "mac" bytea not null, "mac_key_id" text not null, "sealed" bytea null, "expires_at" timestamptz null, "last_used_at" timestamptz null, "last_used_from" text null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "robot_tokens_robot_id_index" on "robot_tokens" ("robot_id");`);

    this.addSql(`create table "signing_keys" ("id" text not null, "public_jwk" jsonb not null, "sealed_jwk" bytea not null, "created_at" timestamptz not null, primary key ("id"));`);

    this.addSql(`create table "tags" ("id" uuid not null, "repository_id" uuid not null, "name" text collate "C" not null, "manifest_id" uuid not null, "pushed_by" text not null, "started_at" timestamptz not null, "ended_at" timestamptz null, "expires_at" timestamptz null, "immutable" boolean not null default false, primary key ("id"));`);
    this.addSql(`create index "tags_manifest_id_index" on "tags" ("manifest_id");`);
    this.addSql(`create index "tags_repository_id_name_started_at_index" on "tags" ("repository_id", "name", "started_at");`);
    this.addSql(`create unique index "tags_open_lifetime" on "tags" ("repository_id", "name") where "ended_at" is null;`);

    this.addSql(`create table "teams" ("id" uuid not null, "organization_id" uuid not null, "name" text collate "C" not null, "role" text not null, "description" text null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "teams" add constraint "teams_organization_id_name_unique" unique ("organization_id", "name");`);

    this.addSql(`create table "upload_sessions" ("id" uuid not null, "repository_id" uuid not null, "principal" text not null, "algorithm" text not null, "offset" bigint not null default '0', "hash_state" bytea null, "parts" jsonb not null, "writer" uuid null, "writer_until" timestamptz null, "expires_at" timestamptz not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "upload_sessions_repository_id_index" on "upload_sessions" ("repository_id");`);
    this.addSql(`create index "upload_sessions_expires_at_index" on "upload_sessions" ("expires_at");`);

    this.addSql(`create table "usage_log_entries" ("id" uuid not null, "kind" text not null, "at" timestamptz not null, "namespace" text collate "C" null, "repository" text collate "C" null, "performer_kind" text not null, "performer" text null, "authenticated_by" text null, "tag" text null, "digest" text null, "client_address" text null, "user_agent" text null, "details" jsonb null, primary key ("id"));`);
    this.addSql(`create index "usage_log_entries_namespace_id_index" on "usage_log_entries" ("namespace", "id");`);
    this.addSql(`create index "usage_log_entries_repository_id_index" on "usage_log_entries" ("repository", "id");`);

    this.addSql(`create table "users" ("id" uuid not null, "namespace_id" uuid not null, "issuer" text not null, "subject" text not null, "email" text null, "username_confirmed" boolean not null default false, "is_administrator" boolean not null default false, "disabled_at" timestamptz null, "last_signed_in_at" timestamptz null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`alter table "users" add constraint "users_namespace_id_unique" unique ("namespace_id");`);
    this.addSql(`alter table "users" add constraint "users_issuer_subject_unique" unique ("issuer", "subject");`);

    this.addSql(`create table "team_memberships" ("id" uuid not null, "team_id" uuid not null, "user_id" uuid null, "robot_id" uuid null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "team_memberships_user_id_index" on "team_memberships" ("user_id");`);
    this.addSql(`create index "team_memberships_robot_id_index" on "team_memberships" ("robot_id");`);
    this.addSql(`alter table "team_memberships" add constraint "team_memberships_team_id_user_id_unique" unique ("team_id", "user_id");`);
    this.addSql(`alter table "team_memberships" add constraint "team_memberships_team_id_robot_id_unique" unique ("team_id", "robot_id");`);

    this.addSql(`create table "sessions" ("id" text not null, "user_id" uuid not null, "provider_session" text null, "id_token" bytea null, "last_seen_at" timestamptz not null, "expires_at" timestamptz not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "sessions_user_id_index" on "sessions" ("user_id");`);
    this.addSql(`create index "sessions_provider_session_index" on "sessions" ("provider_session");`);
    this.addSql(`create index "sessions_expires_at_index" on "sessions" ("expires_at");`);

    this.addSql(`create table "permissions" ("id" uuid not null, "repository_id" uuid not null, "user_id" uuid null, "robot_id" uuid null, "team_id" uuid null, "role" text not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "permissions_user_id_index" on "permissions" ("user_id");`);
    this.addSql(`create index "permissions_robot_id_index" on "permissions" ("robot_id");`);
    this.addSql(`create index "permissions_team_id_index" on "permissions" ("team_id");`);
    this.addSql(`alter table "permissions" add constraint "permissions_repository_id_user_id_unique" unique ("repository_id", "user_id");`);
    this.addSql(`alter table "permissions" add constraint "permissions_repository_id_robot_id_unique" unique ("repository_id", "robot_id");`);
    this.addSql(`alter table "permissions" add constraint "permissions_repository_id_team_id_unique" unique ("repository_id", "team_id");`);

    this.addSql(`create table "application_tokens" ("id" uuid not null, "user_id" uuid not null, "title" text not null, "mac" bytea not null, "mac_key_id" text not null, "sealed" bytea null, "expires_at" timestamptz null, "last_used_at" timestamptz null, "last_used_from" text null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "application_tokens_user_id_index" on "application_tokens" ("user_id");`);

    this.addSql(`alter table "blobs" add constraint "blobs_state_check" check ("state" in ('live', 'deleting'));`);

    this.addSql(`alter table "namespaces" add constraint "namespaces_kind_check" check ("kind" in ('user', 'organization'));`);

    this.addSql(`alter table "organizations" add constraint "organizations_namespace_id_foreign" foreign key ("namespace_id") references "namespaces" ("id");`);

    this.addSql(`alter table "repositories" add constraint "repositories_namespace_id_foreign" foreign key ("namespace_id") references "namespaces" ("id");`);
    this.addSql(`alter table "repositories" add constraint "repositories_visibility_check" check ("visibility" in ('private', 'public'));`);

    this.addSql(`alter table "manifests" add constraint "manifests_repository_id_foreign" foreign key ("repository_id") references "repositories" ("id") on delete cascade;`);

    this.addSql(`alter table "manifest_children" add constraint "manifest_children_parent_id_foreign" foreign key ("parent_id") references "manifests" ("id") on delete cascade;`);

    this.addSql(`alter table "manifest_blobs" add constraint "manifest_blobs_manifest_id_foreign" foreign key ("manifest_id") references "manifests" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "manifest_blobs" add constraint "manifest_blobs_blob_id_foreign" foreign key ("blob_id") references "blobs" ("id") on update cascade on delete cascade;`);

    this.addSql(`alter table "repository_blobs" add constraint "repository_blobs_repository_id_foreign" foreign key ("repository_id") references "repositories" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "repository_blobs" add constraint "repository_blobs_blob_id_foreign" foreign key ("blob_id") references "blobs" ("id") on update cascade on delete cascade;`);

    this.addSql(`alter table "robots" add constraint "robots_namespace_id_foreign" foreign key ("namespace_id") references "namespaces" ("id") on delete cascade;`);

    this.addSql(`alter table "robot_tokens" add constraint "robot_tokens_robot_id_foreign" foreign key ("robot_id") references "robots" ("id") on delete cascade;`);

    this.addSql(`alter table "tags" add constraint "tags_repository_id_foreign" foreign key ("repository_id") references "repositories" ("id") on delete cascade;`);
    this.addSql(`alter table "tags" add constraint "tags_manifest_id_foreign" foreign key ("manifest_id") references "manifests" ("id") on delete cascade;`);

    this.addSql(`alter table "teams" add constraint "teams_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on delete cascade;`);
    this.addSql(`alter table "teams" add constraint "teams_role_check" check ("role" in ('member', 'creator', 'admin'));`);

    this.addSql(`alter table "upload_sessions" add constraint "upload_sessions_repository_id_foreign" foreign key ("repository_id") references "repositories" ("id") on delete cascade;`);
    this.addSql(`alter table "upload_sessions" add constraint "upload_sessions_algorithm_check" check ("algorithm" in ('sha256', 'sha512'));`);

    this.addSql(`alter table "users" add constraint "users_namespace_id_foreign" foreign key ("namespace_id") references "namespaces" ("id");`);

    this.addSql(`alter table "team_memberships" add constraint "team_memberships_team_id_foreign" foreign key ("team_id") references "teams" ("id") on delete cascade;`);
    this.addSql(`alter table "team_memberships" add constraint "team_memberships_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "team_memberships" add constraint "team_memberships_robot_id_foreign" foreign key ("robot_id") references "robots" ("id") on delete cascade;`);
    this.addSql(`alter table "team_memberships" add constraint "team_memberships_one_member" check (num_nonnulls(user_id, robot_id) = 1);`);

    this.addSql(`alter table "sessions" add constraint "sessions_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);

    this.addSql(`alter table "permissions" add constraint "permissions_repository_id_foreign" foreign key ("repository_id") references "repositories" ("id") on delete cascade;`);
    this.addSql(`alter table "permissions" add constraint "permissions_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "permissions" add constraint "permissions_robot_id_foreign" foreign key ("robot_id") references "robots" ("id") on delete cascade;`);
    this.addSql(`alter table "permissions" add constraint "permissions_team_id_foreign" foreign key ("team_id") references "teams" ("id") on delete cascade;`);
    this.addSql(`alter table "permissions" add constraint "permissions_one_grantee" check (num_nonnulls(user_id, robot_id, team_id) = 1);`);
    this.addSql(`alter table "permissions" add constraint "permissions_role_check" check ("role" in ('read', 'write', 'admin'));`);

    this.addSql(`alter table "application_tokens" add constraint "application_tokens_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "manifest_blobs" drop constraint "manifest_blobs_blob_id_foreign";`);
    this.addSql(`alter table "repository_blobs" drop constraint "repository_blobs_blob_id_foreign";`);
    this.addSql(`alter table "organizations" drop constraint "organizations_namespace_id_foreign";`);
    this.addSql(`alter table "repositories" drop constraint "repositories_namespace_id_foreign";`);
    this.addSql(`alter table "robots" drop constraint "robots_namespace_id_foreign";`);
    this.addSql(`alter table "users" drop constraint "users_namespace_id_foreign";`);
    this.addSql(`alter table "teams" drop constraint "teams_organization_id_foreign";`);
    this.addSql(`alter table "manifests" drop constraint "manifests_repository_id_foreign";`);
    this.addSql(`alter table "repository_blobs" drop constraint "repository_blobs_repository_id_foreign";`);
    this.addSql(`alter table "tags" drop constraint "tags_repository_id_foreign";`);
    this.addSql(`alter table "upload_sessions" drop constraint "upload_sessions_repository_id_foreign";`);
    this.addSql(`alter table "permissions" drop constraint "permissions_repository_id_foreign";`);
    this.addSql(`alter table "manifest_children" drop constraint "manifest_children_parent_id_foreign";`);
    this.addSql(`alter table "manifest_blobs" drop constraint "manifest_blobs_manifest_id_foreign";`);
    this.addSql(`alter table "tags" drop constraint "tags_manifest_id_foreign";`);
    this.addSql(`alter table "robot_tokens" drop constraint "robot_tokens_robot_id_foreign";`);
    this.addSql(`alter table "team_memberships" drop constraint "team_memberships_robot_id_foreign";`);
    this.addSql(`alter table "permissions" drop constraint "permissions_robot_id_foreign";`);
    this.addSql(`alter table "team_memberships" drop constraint "team_memberships_team_id_foreign";`);
    this.addSql(`alter table "permissions" drop constraint "permissions_team_id_foreign";`);
    this.addSql(`alter table "team_memberships" drop constraint "team_memberships_user_id_foreign";`);
    this.addSql(`alter table "sessions" drop constraint "sessions_user_id_foreign";`);
    this.addSql(`alter table "permissions" drop constraint "permissions_user_id_foreign";`);
    this.addSql(`alter table "application_tokens" drop constraint "application_tokens_user_id_foreign";`);

    this.addSql(`drop table if exists "blobs" cascade;`);
    this.addSql(`drop table if exists "namespaces" cascade;`);
    this.addSql(`drop table if exists "organizations" cascade;`);
    this.addSql(`drop table if exists "repositories" cascade;`);
    this.addSql(`drop table if exists "manifests" cascade;`);
    this.addSql(`drop table if exists "manifest_children" cascade;`);
    this.addSql(`drop table if exists "manifest_blobs" cascade;`);
    this.addSql(`drop table if exists "repository_blobs" cascade;`);
    this.addSql(`drop table if exists "robots" cascade;`);
    this.addSql(`drop table if exists "robot_tokens" cascade;`);
    this.addSql(`drop table if exists "signing_keys" cascade;`);
    this.addSql(`drop table if exists "tags" cascade;`);
    this.addSql(`drop table if exists "teams" cascade;`);
    this.addSql(`drop table if exists "upload_sessions" cascade;`);
    this.addSql(`drop table if exists "usage_log_entries" cascade;`);
    this.addSql(`drop table if exists "users" cascade;`);
    this.addSql(`drop table if exists "team_memberships" cascade;`);
    this.addSql(`drop table if exists "sessions" cascade;`);
    this.addSql(`drop table if exists "permissions" cascade;`);
    this.addSql(`drop table if exists "application_tokens" cascade;`);
  }

}
