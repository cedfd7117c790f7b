import { Migration } from '@mikro-orm/migrations';

export class Migration20261128192029_rights_changes extends Migration {

  override name = 'Migration20261128192029_rights_changes';

  override up(): void | Promise<void> {
    this.addSql(`create table "rights_changes" ("id" bigserial primary key);`);
    this.addSql(`create function note_rights_change() returns trigger as \$\$ begin insert into rights_changes default values; return null; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "namespaces_rights" after insert or delete or truncate or update of "id", "name", "deleted_at" on "namespaces" for each statement execute function note_rights_change();`);
    this.addSql(`create trigger "organizations_rights" after insert or delete or truncate or update of "id", "namespace_id" on "organizations" for each statement execute function note_rights_change();`);
    this.addSql(`create trigger "repositories_rights" after insert or delete or truncate or update of "id", "namespace_id", "name", "visibility", "created_by", "created_at", "deleted_at" on "repositories" for each statement execute function note_rights_change();`);
    this.addSql(`create trigger "robots_rights" after insert or delete or truncate or update of "id", "namespace_id", "name" on "robots" for each statement execute function note_rights_change();`);
    this.addSql(`create trigger "robot_tokens_rights" after insert or delete or truncate or update of "id", "robot_id", "expires_at" on "robot_tokens" for each statement execute function note_rights_change();`);
    this.addSql(`create trigger "teams_rights" after insert or delete or truncate or update of "id", "organization_id", "name", "role" on "teams" for each statement execute function note_rights_change();`);
    this.addSql(`create trigger "users_rights" after insert or delete or truncate or update of "id", "namespace_id", "is_administrator", "disabled_at" on "users" for each statement execute function note_rights_change();`);
    this.addSql(`create trigger "team_memberships_rights" after insert or delete or truncate or update of "team_id", "user_id", "robot_id" on "team_memberships" for each statement execute function note_rights_change();`);
    this.addSql(`create trigger "permissions_rights" after insert or delete or truncate or update of "repository_id", "user_id", "robot_id", "team_id", "role" on "permissions" for each statement execute function note_rights_change();`);
    this.addSql(`create trigger "application_tokens_rights" after insert or delete or truncate or update of "id", "user_id", "title", "expires_at" on "application_tokens" for each statement execute function note_rights_change();`);
    this.addSql(`create trigger "api_tokens_rights" after insert or delete or truncate or update of "id", "user_id", "title", "expires_at", "scopes" on "api_tokens" for each statement execute function note_rights_change();`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop trigger if exists "api_tokens_rights" on "api_tokens";`);
    this.addSql(`drop trigger if exists "application_tokens_rights" on "application_tokens";`);
    this.addSql(`drop trigger if exists "namespaces_rights" on "namespaces";`);
    this.addSql(`drop trigger if exists "organizations_rights" on "organizations";`);
    this.addSql(`drop trigger if exists "permissions_rights" on "permissions";`);
    this.addSql(`drop trigger if exists "repositories_rights" on "repositories";`);
    this.addSql(`drop trigger if exists "robot_tokens_rights" on "robot_tokens";`);
    this.addSql(`drop trigger if exists "robots_rights" on "robots";`);
    this.addSql(`drop trigger if exists "team_memberships_rights" on "team_memberships";`);
    this.addSql(`drop trigger if exists "teams_rights" on "teams";`);
    this.addSql(`drop trigger if exists "users_rights" on "users";`);
    this.addSql(`drop function note_rights_change();`);
    this.addSql(`drop table "rights_changes";`);
  }

}
