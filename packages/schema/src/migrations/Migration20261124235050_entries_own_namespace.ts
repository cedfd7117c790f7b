import { Migration } from '@mikro-orm/migrations';

export class Migration20261124235050_entries_own_namespace extends Migration {

  override name = 'Migration20261124235050_entries_own_namespace';

  override up(): void | Promise<void> {
    this.addSql(`drop index "usage_log_entries_namespace_at_id_index";`);
    this.addSql(`alter table "usage_log_entries" add "namespace_id" uuid null;`);
    // Whoever has the name now, for what happened since; a namespace's row is a moment younger than the entries of its own making.
    // What is older belongs to nobody who is still there: it stays without an id, for administrators alone.
    this.addSql(`update "usage_log_entries" e set "namespace_id" = n.id from "namespaces" n where n.name = e.namespace and e.at >= n.created_at - interval '1 minute';`);
    // And under the name that a first sign-in derived, up to when it was changed.
    this.addSql(`update "usage_log_entries" e set "namespace_id" = r.namespace_id from "usage_log_entries" r join "namespaces" n on n.id = r.namespace_id where r.kind = 'user.renamed' and e.namespace = r.details->>'from' and e.at between n.created_at - interval '1 minute' and r.at and e.namespace_id is null;`);
    this.addSql(`create index "usage_log_entries_namespace_id_at_id_index" on "usage_log_entries" ("namespace_id", "at", "id");`);
    this.addSql(`create or replace function "usage_log_entries_usage_log_entries_own_fn"() returns trigger as \$\$ begin if new.namespace_id is null then new.namespace_id := (select n.id from namespaces n where n.name = new.namespace); end if; return new; end; \$\$ language plpgsql;`);
    this.addSql(`create trigger "usage_log_entries_own" BEFORE INSERT on "usage_log_entries" for each ROW execute function "usage_log_entries_usage_log_entries_own_fn"();`);

    this.addSql(`alter table "log_exports" add "namespace_id" uuid null;`);
    this.addSql(`update "log_exports" x set "namespace_id" = n.id from "namespaces" n where n.name = x.namespace;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "log_exports" drop column "namespace_id";`);

    this.addSql(`drop index "usage_log_entries_namespace_id_at_id_index";`);
    this.addSql(`drop trigger if exists "usage_log_entries_own" on "usage_log_entries";`);
    this.addSql(`drop function if exists "usage_log_entries_usage_log_entries_own_fn"();`);
    this.addSql(`alter table "usage_log_entries" drop column "namespace_id";`);
    this.addSql(`create index "usage_log_entries_namespace_at_id_index" on "usage_log_entries" ("namespace", "at", "id");`);
  }

}
