import { Migration } from '@mikro-orm/migrations';

export class Migration20261125032604_entries_of_a_repository extends Migration {

  override name = 'Migration20261125032604_entries_of_a_repository';

  override up(): void | Promise<void> {
    this.addSql(`drop index "usage_log_entries_repository_at_id_index";`);
    this.addSql(`drop trigger if exists "usage_log_entries_own" on "usage_log_entries";`);
    this.addSql(`drop function if exists "usage_log_entries_usage_log_entries_own_fn"();`);
    this.addSql(`alter table "usage_log_entries" add "repository_id" uuid null;`);
    // Of repositories that had the name one after the other, the first that was not deleted yet; a row is a moment younger than
    // the entry of its own making. What is older than all of them was of one that is purged: it stays without an id.
    this.addSql(`update "usage_log_entries" e set "repository_id" = (select r.id from "repositories" r where r.name = e.repository and e.at >= r.created_at - interval '1 minute' and (r.deleted_at is null or e.at <= r.deleted_at) order by r.deleted_at nulls last limit 1) where e.repository is not null;`);
    this.addSql(`create index "usage_log_entries_repository_id_at_id_index" on "usage_log_entries" ("repository_id", "at", "id");`);
    this.addSql(`create or replace function "usage_log_entries_usage_log_entries_own_fn"() returns trigger as \$\$ begin if new.namespace_id is null then new.namespace_id := (select n.id from namespaces n where n.name = new.namespace); end if; if new.repository_id is null then new.repository_id := (select r.id from repositories r where r.name = new.repository and r.deleted_at is null); end if; return new; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "usage_log_entries_own" BEFORE INSERT on "usage_log_entries" for each ROW
  when (((new.namespace_id IS NULL) OR ((new.repository IS NOT NULL) AND (new.repository_id IS NULL)))) execute function "usage_log_entries_usage_log_entries_own_fn"();`);

    this.addSql(`alter table "log_exports" add "repository_id" uuid null;`);
    this.addSql(`update "log_exports" x set "repository_id" = r.id from "repositories" r where r.name = x.repository and r.deleted_at is null;`);
    // Nobody may fetch it any more, and without an id it would be the whole namespace's.
    this.addSql(`delete from "log_exports" where "repository" is not null and "repository_id" is null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "log_exports" drop column "repository_id";`);

    this.addSql(`drop index "usage_log_entries_repository_id_at_id_index";`);
    this.addSql(`drop trigger if exists "usage_log_entries_own" on "usage_log_entries";`);
    this.addSql(`drop function if exists "usage_log_entries_usage_log_entries_own_fn"();`);
    this.addSql(`alter table "usage_log_entries" drop column "repository_id";`);
    this.addSql(`create index "usage_log_entries_repository_at_id_index" on "usage_log_entries" ("repository", "at", "id");`);
    this.addSql(`create or replace function "usage_log_entries_usage_log_entries_own_fn"() returns trigger as \$\$ begin new.namespace_id := (select n.id from namespaces n where n.name = new.namespace); return new; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "usage_log_entries_own" BEFORE INSERT on "usage_log_entries" for each ROW
  when ((new.namespace_id IS NULL)) execute function "usage_log_entries_usage_log_entries_own_fn"();`);
  }

}
