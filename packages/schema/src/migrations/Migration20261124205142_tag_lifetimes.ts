import { Migration } from '@mikro-orm/migrations';

export class Migration20261124205142_tag_lifetimes extends Migration {

  override name = 'Migration20261124205142_tag_lifetimes';

  override up(): void | Promise<void> {
    this.addSql(`create table "tag_events" ("id" uuid not null, "repository_id" uuid not null, "name" text collate "C" not null, "kind" text not null, "at" timestamptz not null, "by" text not null, "digest" text collate "C" not null, "previous_digest" text collate "C" null, "expires_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "tag_events_repository_id_at_id_index" on "tag_events" ("repository_id", "at", "id");`);
    this.addSql(`create index "tag_events_repository_id_name_at_id_index" on "tag_events" ("repository_id", "name", "at", "id");`);

    this.addSql(`alter table "namespaces" add "time_machine_seconds" int not null default 1209600;`);

    this.addSql(`alter table "manifests" add "total_size" bigint not null default '0', add "platform" text null, add "config" bytea null, add "expires_after" int null, add "tags_immutable" boolean not null default false, add "deleted_at" timestamptz null;`);

    this.addSql(`alter table "tags" add "last_pulled_at" timestamptz null;`);
    this.addSql(`create index "tags_open_by_start" on "tags" ("repository_id", "started_at", "id") where "ended_at" is null;`);
    this.addSql(`create index "tags_open_by_expiry" on "tags" ("expires_at") where "ended_at" is null and "expires_at" is not null;`);

    this.addSql(`alter table "tag_events" add constraint "tag_events_repository_id_foreign" foreign key ("repository_id") references "repositories" ("id") on delete cascade;`);
    this.addSql(`alter table "tag_events" add constraint "tag_events_kind_check" check ("kind" in ('pushed', 'set', 'moved', 'deleted', 'expired', 'restored', 'expiry_set', 'made_immutable', 'made_mutable'));`);

    // What earlier versions did not keep: the sizes below each manifest, and the history that the lifetimes tell.
    this.addSql(`update manifests m set total_size = m.size
      + (select coalesce(sum(k.size), 0) from manifests k where k.repository_id = m.repository_id
           and k.digest in (select c.digest from manifest_children c where c.parent_id = m.id))
      + (select coalesce(sum(s.size), 0) from (
           select distinct b.id, b.size from manifest_blobs e join blobs b on b.id = e.blob_id where e.manifest_id in (
             select m.id union all
             select k.id from manifest_children c join manifests k on k.repository_id = m.repository_id and k.digest = c.digest
               where c.parent_id = m.id)) s);`);
    this.addSql(`insert into tag_events (id, repository_id, name, kind, at, by, digest, previous_digest)
      select gen_random_uuid(), l.repository_id, l.name, case when l.previous is null then 'pushed' else 'moved' end, l.started_at,
          l.pushed_by, l.digest, l.previous
        from (select t.*, m.digest, case when lag(t.ended_at) over same = t.started_at then lag(m.digest) over same end as previous
                from tags t join manifests m on m.id = t.manifest_id
                window same as (partition by t.repository_id, t.name order by t.started_at)) l;`);
    this.addSql(`insert into tag_events (id, repository_id, name, kind, at, by, digest)
      select gen_random_uuid(), t.repository_id, t.name, 'deleted', t.ended_at, '', m.digest
        from tags t join manifests m on m.id = t.manifest_id
        where t.ended_at is not null and not exists (select 1 from tags n
          where n.repository_id = t.repository_id and n.name = t.name and n.started_at = t.ended_at);`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "tag_events" cascade;`);

    this.addSql(`alter table "manifests" drop column "total_size", drop column "platform", drop column "config", drop column "expires_after", drop column "tags_immutable", drop column "deleted_at";`);

    this.addSql(`alter table "namespaces" drop column "time_machine_seconds";`);

    this.addSql(`drop index "tags_open_by_start";`);
    this.addSql(`drop index "tags_open_by_expiry";`);
    this.addSql(`alter table "tags" drop column "last_pulled_at";`);
  }

}
