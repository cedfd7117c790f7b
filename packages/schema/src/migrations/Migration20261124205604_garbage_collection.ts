import { Migration } from '@mikro-orm/migrations';

export class Migration20261124205604_garbage_collection extends Migration {

  override name = 'Migration20261124205604_garbage_collection';

  override up(): void | Promise<void> {
    this.addSql(`create table "garbage_runs" ("id" uuid not null, "dry_run" boolean not null, "grace_seconds" int not null, "roots" jsonb not null, "started_at" timestamptz not null, "finished_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "garbage_runs_started_at_index" on "garbage_runs" ("started_at");`);

    this.addSql(`create table "garbage_items" ("position" bigserial primary key, "run_id" uuid not null, "kind" text not null, "target" text not null, "repository" text collate "C" null, "digest" text collate "C" not null, "size" bigint not null, "reason" text not null, "last_referenced_at" timestamptz null, "outcome" text not null default 'planned');`);
    this.addSql(`create index "garbage_items_run_id_kind_outcome_position_index" on "garbage_items" ("run_id", "kind", "outcome", "position");`);
    this.addSql(`alter table "garbage_items" add constraint "garbage_items_run_id_target_unique" unique ("run_id", "target");`);

    this.addSql(`create table "storage_state" ("id" int not null, "epoch" uuid not null, "next_epoch" uuid null, "frozen_since" timestamptz null, "frozen_because" text null, primary key ("id"));`);

    this.addSql(`drop index "blobs_live_digest";`);
    this.addSql(`alter table "blobs" drop constraint "blobs_state_check";`);
    this.addSql(`alter table "blobs" add "unreferenced_since" timestamptz null, add "checked_at" timestamptz null;`);
    this.addSql(`create index "blobs_deleting" on "blobs" ("id") where "state" = 'deleting';`);
    this.addSql(`create index "blobs_unreferenced_since_index" on "blobs" ("unreferenced_since");`);
    this.addSql(`create index "blobs_checked_at_index" on "blobs" ("checked_at");`);
    this.addSql(`create unique index "blobs_present_digest" on "blobs" ("digest") where "state" <> 'deleting';`);
    this.addSql(`alter table "blobs" add constraint "blobs_state_check" check ("state" in ('live', 'deleting', 'quarantined'));`);

    this.addSql(`alter table "manifests" add "hold_until" timestamptz null;`);

    this.addSql(`alter table "garbage_items" add constraint "garbage_items_run_id_foreign" foreign key ("run_id") references "garbage_runs" ("id") on delete cascade;`);
    this.addSql(`alter table "garbage_items" add constraint "garbage_items_kind_check" check ("kind" in ('manifest', 'link', 'blob', 'object'));`);
    this.addSql(`alter table "garbage_items" add constraint "garbage_items_outcome_check" check ("outcome" in ('planned', 'deleted', 'kept'));`);

    this.addSql(`alter table "storage_state" add constraint "storage_state_one_row" check (id = 1);`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "garbage_items" drop constraint "garbage_items_run_id_foreign";`);

    this.addSql(`drop table if exists "garbage_runs" cascade;`);
    this.addSql(`drop table if exists "garbage_items" cascade;`);
    this.addSql(`drop table if exists "storage_state" cascade;`);

    this.addSql(`drop index "blobs_deleting";`);
    this.addSql(`drop index "blobs_unreferenced_since_index";`);
    this.addSql(`drop index "blobs_checked_at_index";`);
    this.addSql(`drop index "blobs_present_digest";`);
    this.addSql(`alter table "blobs" drop constraint "blobs_state_check";`);
    this.addSql(`alter table "blobs" drop column "unreferenced_since", drop column "checked_at";`);
    this.addSql(`create unique index "blobs_live_digest" on "blobs" ("digest") where "state" = 'live';`);
    this.addSql(`alter table "blobs" add constraint "blobs_state_check" check ("state" in ('live', 'deleting'));`);

    this.addSql(`alter table "manifests" drop column "hold_until";`);
  }

}
