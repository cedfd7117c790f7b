import { Migration } from '@mikro-orm/migrations';

export class Migration20261124211719_rotation_of_signing_keys extends Migration {

  override name = 'Migration20261124211719_rotation_of_signing_keys';

  override up(): void | Promise<void> {
    this.addSql(`alter table "signing_keys" add "active_from" timestamptz null;`);
    this.addSql(`update "signing_keys" set "active_from" = "created_at";`);
    this.addSql(`alter table "signing_keys" alter column "active_from" set not null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "signing_keys" drop column "active_from";`);
  }

}
