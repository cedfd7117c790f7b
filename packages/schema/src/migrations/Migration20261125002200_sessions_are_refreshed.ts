import { Migration } from '@mikro-orm/migrations';

export class Migration20261125002200_sessions_are_refreshed extends Migration {

  override name = 'Migration20261125002200_sessions_are_refreshed';

  override up(): void | Promise<void> {
    this.addSql(`alter table "sessions" add "refresh_token" bytea null, add "refresh_at" timestamptz null;`);
    this.addSql(`create index "sessions_refreshed_next" on "sessions" ("refresh_at") where "refresh_token" is not null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "sessions_refreshed_next";`);
    this.addSql(`alter table "sessions" drop column "refresh_token", drop column "refresh_at";`);
  }

}
