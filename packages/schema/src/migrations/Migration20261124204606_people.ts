import { Migration } from '@mikro-orm/migrations';

export class Migration20261124204606_people extends Migration {

  override name = 'Migration20261124204606_people';

  override up(): void | Promise<void> {
    this.addSql(`create table "stars" ("user_id" uuid not null, "repository_id" uuid not null, "created_at" timestamptz not null, primary key ("user_id", "repository_id"));`);
    this.addSql(`create index "stars_repository_id_index" on "stars" ("repository_id");`);

    this.addSql(`create table "default_permissions" ("id" uuid not null, "organization_id" uuid not null, "creator_user_id" uuid null, "creator_robot_id" uuid null, "user_id" uuid null, "robot_id" uuid null, "team_id" uuid null, "role" text not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "default_permissions_creator_user_id_index" on "default_permissions" ("creator_user_id");`);
    this.addSql(`create index "default_permissions_creator_robot_id_index" on "default_permissions" ("creator_robot_id");`);
    this.addSql(`create index "default_permissions_user_id_index" on "default_permissions" ("user_id");`);
    this.addSql(`create index "default_permissions_robot_id_index" on "default_permissions" ("robot_id");`);
    this.addSql(`create index "default_permissions_team_id_index" on "default_permissions" ("team_id");`);
    this.addSql(`create unique index "default_permissions_once" on "default_permissions" ("organization_id", coalesce("creator_user_id", "creator_robot_id", '00000000-0000-0000-0000-000000000000'), coalesce("user_id", "robot_id", "team_id"));`);

    this.addSql(`alter table "namespaces" add "deleted_at" timestamptz null, add "purge_at" timestamptz null;`);
    this.addSql(`create index "namespaces_purge_at_index" on "namespaces" ("purge_at");`);

    this.addSql(`alter table "organizations" add "deleted_by" text null;`);

    this.addSql(`alter table "repositories" drop constraint "repositories_name_unique";`);
    this.addSql(`drop index "repositories_namespace_id_index";`);
    this.addSql(`alter table "repositories" add "deleted_at" timestamptz null, add "deleted_by" text null, add "purge_at" timestamptz null;`);
    this.addSql(`create index "repositories_name_index" on "repositories" ("name");`);
    this.addSql(`create index "repositories_purge_at_index" on "repositories" ("purge_at");`);
    this.addSql(`create index "repositories_namespace_id_name_index" on "repositories" ("namespace_id", "name");`);
    this.addSql(`create index "repositories_latest" on "repositories" (coalesce("last_pushed_at", "created_at") desc, "id" desc);`);
    this.addSql(`create unique index "repositories_live_name" on "repositories" ("name") where "deleted_at" is null;`);

    this.addSql(`alter table "teams" add "synced_group" text null;`);
    this.addSql(`create index "teams_synced_group_index" on "teams" ("synced_group");`);

    this.addSql(`alter table "team_memberships" add "synced" boolean not null default false;`);

    this.addSql(`alter table "stars" add constraint "stars_user_id_foreign" foreign key ("user_id") references "users" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "stars" add constraint "stars_repository_id_foreign" foreign key ("repository_id") references "repositories" ("id") on update cascade on delete cascade;`);

    this.addSql(`alter table "default_permissions" add constraint "default_permissions_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on delete cascade;`);
    this.addSql(`alter table "default_permissions" add constraint "default_permissions_creator_user_id_foreign" foreign key ("creator_user_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "default_permissions" add constraint "default_permissions_creator_robot_id_foreign" foreign key ("creator_robot_id") references "robots" ("id") on delete cascade;`);
    this.addSql(`alter table "default_permissions" add constraint "default_permissions_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "default_permissions" add constraint "default_permissions_robot_id_foreign" foreign key ("robot_id") references "robots" ("id") on delete cascade;`);
    this.addSql(`alter table "default_permissions" add constraint "default_permissions_team_id_foreign" foreign key ("team_id") references "teams" ("id") on delete cascade;`);
    this.addSql(`alter table "default_permissions" add constraint "default_permissions_one_grantee" check (num_nonnulls(user_id, robot_id, team_id) = 1);`);
    this.addSql(`alter table "default_permissions" add constraint "default_permissions_one_creator" check (num_nonnulls(creator_user_id, creator_robot_id) <= 1);`);
    this.addSql(`alter table "default_permissions" add constraint "default_permissions_role_check" check ("role" in ('read', 'write', 'admin'));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "stars" cascade;`);
    this.addSql(`drop table if exists "default_permissions" cascade;`);

    this.addSql(`drop index "namespaces_purge_at_index";`);
    this.addSql(`alter table "namespaces" drop column "deleted_at", drop column "purge_at";`);

    this.addSql(`alter table "organizations" drop column "deleted_by";`);

    this.addSql(`drop index "repositories_name_index";`);
    this.addSql(`drop index "repositories_purge_at_index";`);
    this.addSql(`drop index "repositories_namespace_id_name_index";`);
    this.addSql(`drop index "repositories_latest";`);
    this.addSql(`alter table "repositories" drop constraint "repositories_live_name";`);
    this.addSql(`alter table "repositories" drop column "deleted_at", drop column "deleted_by", drop column "purge_at";`);
    this.addSql(`alter table "repositories" add constraint "repositories_name_unique" unique ("name");`);
    this.addSql(`create index "repositories_namespace_id_index" on "repositories" ("namespace_id");`);

    this.addSql(`alter table "team_memberships" drop column "synced";`);

    this.addSql(`drop index "teams_synced_group_index";`);
    this.addSql(`alter table "teams" drop column "synced_group";`);
  }

}
