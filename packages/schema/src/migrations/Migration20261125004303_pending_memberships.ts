import { Migration } from '@mikro-orm/migrations';

export class Migration20261125004303_pending_memberships extends Migration {

  override name = 'Migration20261125004303_pending_memberships';

  override up(): void | Promise<void> {
    this.addSql(`create table "pending_memberships" ("id" uuid not null, "team_id" uuid not null, "login" text collate "C" not null, "subject" text null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "pending_memberships_login_index" on "pending_memberships" ("login");`);
    this.addSql(`create index "pending_memberships_subject_index" on "pending_memberships" ("subject");`);
    this.addSql(`alter table "pending_memberships" add constraint "pending_memberships_team_id_login_unique" unique ("team_id", "login");`);

    this.addSql(`alter table "pending_memberships" add constraint "pending_memberships_team_id_foreign" foreign key ("team_id") references "teams" ("id") on delete cascade;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "pending_memberships" cascade;`);
  }

}
