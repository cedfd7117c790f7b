import { Migration } from '@mikro-orm/migrations';

export class Migration20261130055400_names_of_public_repositories extends Migration {

  override name = 'Migration20261130055400_names_of_public_repositories';

  override up(): void | Promise<void> {
    this.addSql(`create index "repositories_public" on "repositories" ("name", "id", "namespace_id") where "visibility" = 'public' and "deleted_at" is null;`);
    this.addSql(`create index "repositories_public_by_namespace" on "repositories" ("namespace_id") where "visibility" = 'public' and "deleted_at" is null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "repositories_public";`);
    this.addSql(`drop index "repositories_public_by_namespace";`);
  }

}
