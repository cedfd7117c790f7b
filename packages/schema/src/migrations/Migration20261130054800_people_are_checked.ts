import { Migration } from '@mikro-orm/migrations';

export class Migration20261130054800_people_are_checked extends Migration {

  override name = 'Migration20261130054800_people_are_checked';

  override up(): void | Promise<void> {
    this.addSql(`create table "provider_grants" ("id" text not null, "user_id" uuid not null, "provider_session" text null, "refresh_token" bytea not null, "refresh_at" timestamptz not null, "refresh_until" timestamptz null, "signed_out" boolean not null default false, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "provider_grants_user_id_index" on "provider_grants" ("user_id");`);
    this.addSql(`create index "provider_grants_provider_session_index" on "provider_grants" ("provider_session");`);
    this.addSql(`create index "provider_grants_refresh_at_index" on "provider_grants" ("refresh_at");`);

    this.addSql(`alter table "organizations" add "allowed_groups" jsonb null;`);

    this.addSql(`drop trigger if exists "users_rights" on "users";`);
    this.addSql(`drop function if exists "users_users_rights_fn"();`);
    this.addSql(`alter table "users" add "suspended_at" timestamptz null, add "checked_at" timestamptz null;`);
    this.addSql(`create trigger "users_rights" after insert or delete or truncate or update of "id", "namespace_id", "is_administrator", "disabled_at", "suspended_at" on "users" for each statement execute function note_rights_change();`);

    // An address may have been found at somebody who had not verified it; from now on the sign-in decides.
    this.addSql(`update "pending_memberships" set "subject" = null where "login" like '%@%';`);

    this.addSql(`alter table "sessions" add "refresh_until" timestamptz null;`);

    this.addSql(`alter table "provider_grants" add constraint "provider_grants_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "provider_grants" cascade;`);

    this.addSql(`alter table "organizations" drop column "allowed_groups";`);

    this.addSql(`alter table "sessions" drop column "refresh_until";`);

    this.addSql(`drop trigger if exists "users_rights" on "users";`);
    this.addSql(`drop function if exists "users_users_rights_fn"();`);
    this.addSql(`alter table "users" drop column "suspended_at", drop column "checked_at";`);
    this.addSql(`create trigger "users_rights" after insert or delete or truncate or update of "id", "namespace_id", "is_administrator", "disabled_at" on "users" for each statement execute function note_rights_change();`);
  }

}
