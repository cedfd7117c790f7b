import { Migration } from '@mikro-orm/migrations';

export class Migration20261130050000_content_in_use extends Migration {

  override name = 'Migration20261130050000_content_in_use';

  override up(): void | Promise<void> {
    this.addSql(`alter table "manifest_children" add column "arrived" boolean not null default false;`);
    // A child that was deleted while its index stayed is a loss, which "escale verify" then reports.
    this.addSql(`update manifest_children c set arrived = true from manifests parent, manifests child where parent.id = c.parent_id and child.repository_id = parent.repository_id and child.digest = c.digest and (child.deleted_at is null or child.deleted_at > parent.created_at);`);
    this.addSql(`alter table "repositories" add column "provisional" boolean not null default false;`);
    this.addSql(`create index "repositories_provisional" on "repositories" ("created_at") where "provisional";`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "repositories_provisional";`);
    this.addSql(`alter table "repositories" drop column "provisional";`);
    this.addSql(`alter table "manifest_children" drop column "arrived";`);
  }

}
