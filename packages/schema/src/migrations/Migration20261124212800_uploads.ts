import { Migration } from '@mikro-orm/migrations';

export class Migration20261124212800_uploads extends Migration {
  override name = 'Migration20261124212800_uploads';

  override up(): void {
    // Their hash states are not sealed: nobody could go on with them. Clients begin anew; what is staged is purged.
    this.addSql(`delete from "upload_sessions";`);
    this.addSql(`alter table "upload_sessions" drop column "writer_until";`);
    this.addSql(
      `alter table "upload_sessions" add "namespace_id" uuid not null, add "tail" bytea null, add "writer_process" int null, add "arriving" bigint not null default '0';`,
    );
    this.addSql(
      `alter table "upload_sessions" add constraint "upload_sessions_namespace_id_foreign" foreign key ("namespace_id") references "namespaces" ("id") on delete cascade;`,
    );
    this.addSql(`create index "upload_sessions_namespace_id_index" on "upload_sessions" ("namespace_id");`);
  }

  override down(): void {
    this.addSql(`alter table "upload_sessions" drop constraint "upload_sessions_namespace_id_foreign";`);
    this.addSql(`drop index "upload_sessions_namespace_id_index";`);
    this.addSql(
      `alter table "upload_sessions" drop column "namespace_id", drop column "tail", drop column "writer_process", drop column "arriving";`,
    );
    this.addSql(`alter table "upload_sessions" add "writer_until" timestamptz(6) null;`);
  }
}
