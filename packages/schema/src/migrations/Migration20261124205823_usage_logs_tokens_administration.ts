import { Migration } from '@mikro-orm/migrations';

export class Migration20261124205823_usage_logs_tokens_administration extends Migration {

  override name = 'Migration20261124205823_usage_logs_tokens_administration';

  override up(): void | Promise<void> {
    this.addSql(`create table "global_messages" ("id" uuid not null, "severity" text not null, "text" text not null, "expires_at" timestamptz null, "created_by" text not null, "created_at" timestamptz not null, primary key ("id"));`);

    this.addSql(`create table "registry_settings" ("id" text not null, "time_machine_choices" jsonb not null, "time_machine_seconds" int not null, "application_token_days" int null, "robot_token_days" int null, "api_token_days" int null, "organization_creation" text not null, "log_retention_days" int null, "changed_at" timestamptz not null, primary key ("id"));`);

    this.addSql(`create table "secret_keys" ("id" text not null, "canary" bytea not null, "created_at" timestamptz not null, primary key ("id"));`);

    this.addSql(`create table "log_exports" ("id" uuid not null, "requested_by_id" uuid not null, "namespace" text null, "repository" text null, "format" text not null, "from" timestamptz null, "to" timestamptz not null, "kinds" text[] null, "performer" text null, "state" text not null default 'waiting', "entries" int not null default 0, "claimed_until" timestamptz null, "expires_at" timestamptz not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "log_exports_requested_by_id_index" on "log_exports" ("requested_by_id");`);
    this.addSql(`create index "log_exports_expires_at_index" on "log_exports" ("expires_at");`);

    this.addSql(`create table "log_export_parts" ("export_id" uuid not null, "position" int not null, "content" bytea not null, primary key ("export_id", "position"));`);

    this.addSql(`create table "api_tokens" ("id" uuid not null, "user_id" uuid not null, "title" text not null, "scopes" text[] not null, "mac" bytea not null, "mac_key_id" text not null, "sealed" bytea null, "expires_at" timestamptz null, "last_used_at" timestamptz null, "last_used_from" text null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "api_tokens_user_id_index" on "api_tokens" ("user_id");`);

    this.addSql(`alter table "organizations" add "log_retention_days" int null;`);

    this.addSql(`drop index "usage_log_entries_namespace_id_index";`);
    this.addSql(`drop index "usage_log_entries_repository_id_index";`);
    this.addSql(`create index "usage_log_entries_namespace_at_id_index" on "usage_log_entries" ("namespace", "at", "id");`);
    this.addSql(`create index "usage_log_entries_repository_at_id_index" on "usage_log_entries" ("repository", "at", "id");`);
    this.addSql(`create index "usage_log_entries_at_id_index" on "usage_log_entries" ("at", "id");`);
    this.addSql(`create or replace function "usage_log_entries_usage_log_entries_announce_fn"() returns trigger as \$\$ begin perform pg_notify('escale_usage', new.id::text); return null; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "usage_log_entries_announce" AFTER INSERT on "usage_log_entries" for each ROW execute function "usage_log_entries_usage_log_entries_announce_fn"();`);

    this.addSql(`alter table "sessions" add "client_address" text null, add "user_agent" text null;`);

    this.addSql(`alter table "global_messages" add constraint "global_messages_severity_check" check ("severity" in ('info', 'warning', 'error'));`);

    this.addSql(`alter table "registry_settings" add constraint "registry_settings_organization_creation_check" check ("organization_creation" in ('everyone', 'administrators'));`);

    this.addSql(`alter table "log_exports" add constraint "log_exports_requested_by_id_foreign" foreign key ("requested_by_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "log_exports" add constraint "log_exports_format_check" check ("format" in ('jsonl', 'csv'));`);
    this.addSql(`alter table "log_exports" add constraint "log_exports_state_check" check ("state" in ('waiting', 'running', 'ready', 'failed'));`);

    this.addSql(`alter table "log_export_parts" add constraint "log_export_parts_export_id_foreign" foreign key ("export_id") references "log_exports" ("id") on delete cascade;`);

    this.addSql(`alter table "api_tokens" add constraint "api_tokens_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "log_export_parts" drop constraint "log_export_parts_export_id_foreign";`);

    this.addSql(`drop table if exists "global_messages" cascade;`);
    this.addSql(`drop table if exists "registry_settings" cascade;`);
    this.addSql(`drop table if exists "secret_keys" cascade;`);
    this.addSql(`drop table if exists "log_exports" cascade;`);
    this.addSql(`drop table if exists "log_export_parts" cascade;`);
    this.addSql(`drop table if exists "api_tokens" cascade;`);

    this.addSql(`alter table "organizations" drop column "log_retention_days";`);

    this.addSql(`alter table "sessions" drop column "client_address", drop column "user_agent";`);

    this.addSql(`drop index "usage_log_entries_namespace_at_id_index";`);
    this.addSql(`drop index "usage_log_entries_repository_at_id_index";`);
    this.addSql(`drop index "usage_log_entries_at_id_index";`);
    this.addSql(`drop trigger if exists "usage_log_entries_announce" on "usage_log_entries";`);
    this.addSql(`drop function if exists "usage_log_entries_usage_log_entries_announce_fn"();`);
    this.addSql(`create index "usage_log_entries_namespace_id_index" on "usage_log_entries" ("namespace", "id");`);
    this.addSql(`create index "usage_log_entries_repository_id_index" on "usage_log_entries" ("repository", "id");`);
  }

}
