import { Migration } from '@mikro-orm/migrations';

export class Migration20261124214044_grants_read_from_the_index extends Migration {

  override name = 'Migration20261124214044_grants_read_from_the_index';

  override up(): void | Promise<void> {
    this.addSql(`drop index "permissions_robot_id_index";`);
    this.addSql(`drop index "permissions_team_id_index";`);
    this.addSql(`drop index "permissions_user_id_index";`);
    this.addSql(`create index "permissions_user_id_repository_id_index" on "permissions" ("user_id", "repository_id");`);
    this.addSql(`create index "permissions_robot_id_repository_id_index" on "permissions" ("robot_id", "repository_id");`);
    this.addSql(`create index "permissions_team_id_repository_id_index" on "permissions" ("team_id", "repository_id");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "permissions_user_id_repository_id_index";`);
    this.addSql(`drop index "permissions_robot_id_repository_id_index";`);
    this.addSql(`drop index "permissions_team_id_repository_id_index";`);
    this.addSql(`create index "permissions_robot_id_index" on "permissions" ("robot_id");`);
    this.addSql(`create index "permissions_team_id_index" on "permissions" ("team_id");`);
    this.addSql(`create index "permissions_user_id_index" on "permissions" ("user_id");`);
  }

}
