import { Migration } from '@mikro-orm/migrations';

export class Migration20261125031819_triggers_ask_first extends Migration {

  override name = 'Migration20261125031819_triggers_ask_first';

  override up(): void | Promise<void> {
    this.addSql(`drop trigger if exists "usage_log_entries_announce" on "usage_log_entries";`);
    this.addSql(`drop function if exists "usage_log_entries_usage_log_entries_announce_fn"();`);
    this.addSql(`drop trigger if exists "usage_log_entries_own" on "usage_log_entries";`);
    this.addSql(`drop function if exists "usage_log_entries_usage_log_entries_own_fn"();`);
    this.addSql(`create or replace function "usage_log_entries_usage_log_entries_announce_fn"() returns trigger as \$\$ begin perform pg_notify('escale_usage', new.id::text); return null; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "usage_log_entries_announce" AFTER INSERT on "usage_log_entries" for each ROW
  when ((new.kind <> 'repository.pulled'::text)) execute function "usage_log_entries_usage_log_entries_announce_fn"();`);
    this.addSql(`create or replace function "usage_log_entries_usage_log_entries_own_fn"() returns trigger as \$\$ begin new.namespace_id := (select n.id from namespaces n where n.name = new.namespace); return new; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "usage_log_entries_own" BEFORE INSERT on "usage_log_entries" for each ROW
  when ((new.namespace_id IS NULL)) execute function "usage_log_entries_usage_log_entries_own_fn"();`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop trigger if exists "usage_log_entries_own" on "usage_log_entries";`);
    this.addSql(`drop function if exists "usage_log_entries_usage_log_entries_own_fn"();`);
    this.addSql(`drop trigger if exists "usage_log_entries_announce" on "usage_log_entries";`);
    this.addSql(`drop function if exists "usage_log_entries_usage_log_entries_announce_fn"();`);
    this.addSql(`create or replace function "usage_log_entries_usage_log_entries_own_fn"() returns trigger as \$\$ begin if new.namespace_id is null then new.namespace_id := (select n.id from namespaces n where n.name = new.namespace); end if; return new; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "usage_log_entries_own" BEFORE INSERT on "usage_log_entries" for each ROW execute function "usage_log_entries_usage_log_entries_own_fn"();`);
    this.addSql(`create or replace function "usage_log_entries_usage_log_entries_announce_fn"() returns trigger as \$\$ begin if new.kind <> 'repository.pulled' then perform pg_notify('escale_usage', new.id::text); end if; return null; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "usage_log_entries_announce" AFTER INSERT on "usage_log_entries" for each ROW execute function "usage_log_entries_usage_log_entries_announce_fn"();`);
  }

}
