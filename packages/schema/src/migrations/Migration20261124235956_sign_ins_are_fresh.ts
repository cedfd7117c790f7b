import { Migration } from '@mikro-orm/migrations';

export class Migration20261124235956_sign_ins_are_fresh extends Migration {

  override name = 'Migration20261124235956_sign_ins_are_fresh';

  override up(): void | Promise<void> {
    this.addSql(`create table "reveal_counts" ("principal" text not null, "shown_at" timestamptz[] not null, primary key ("principal"));`);

    this.addSql(`alter table "sessions" add "signed_in_at" timestamptz null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "reveal_counts" cascade;`);

    this.addSql(`alter table "sessions" drop column "signed_in_at";`);
  }

}
