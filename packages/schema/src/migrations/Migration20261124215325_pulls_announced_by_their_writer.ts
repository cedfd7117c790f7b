import { Migration } from '@mikro-orm/migrations';

export class Migration20261124215325_pulls_announced_by_their_writer extends Migration {

  override name = 'Migration20261124215325_pulls_announced_by_their_writer';

  override up(): void | Promise<void> {
    this.addSql(`drop trigger if exists "usage_log_entries_announce" on "usage_log_entries";`);
    this.addSql(`drop function if exists "usage_log_entries_usage_log_entries_announce_fn"();`);
    this.addSql(`create or replace function "usage_log_entries_usage_log_entries_announce_fn"() returns trigger as \$\$ begin if new.kind <> 'repository.pulled' then perform pg_notify('escale_usage', new.id::text); end if; return null; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "usage_log_entries_announce" AFTER INSERT on "usage_log_entries" for each ROW execute function "usage_log_entries_usage_log_entries_announce_fn"();`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop trigger if exists "usage_log_entries_announce" on "usage_log_entries";`);
    this.addSql(`drop function if exists "usage_log_entries_usage_log_entries_announce_fn"();`);
    this.addSql(`create or replace function "usage_log_entries_usage_log_entries_announce_fn"() returns trigger as \$\$ begin perform pg_notify('escale_usage', new.id::text); return null; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "usage_log_entries_announce" AFTER INSERT on "usage_log_entries" for each ROW execute function "usage_log_entries_usage_log_entries_announce_fn"();`);
  }

}
