import { Migration20261124155534_initial } from './Migration20261124155534_initial.ts';
import { Migration20261124204606_people } from './Migration20261124204606_people.ts';
import { Migration20261124205142_tag_lifetimes } from './Migration20261124205142_tag_lifetimes.ts';
import { Migration20261124205604_garbage_collection } from './Migration20261124205604_garbage_collection.ts';
import { Migration20261124205823_usage_logs_tokens_administration } from './Migration20261124205823_usage_logs_tokens_administration.ts';
import { Migration20261124211719_rotation_of_signing_keys } from './Migration20261124211719_rotation_of_signing_keys.ts';
import { Migration20261124212800_uploads } from './Migration20261124212800_uploads.ts';
import { Migration20261124214044_grants_read_from_the_index } from './Migration20261124214044_grants_read_from_the_index.ts';
import { Migration20261124215325_pulls_announced_by_their_writer } from './Migration20261124215325_pulls_announced_by_their_writer.ts';
import { Migration20261124235050_entries_own_namespace } from './Migration20261124235050_entries_own_namespace.ts';
import { Migration20261124235956_sign_ins_are_fresh } from './Migration20261124235956_sign_ins_are_fresh.ts';
import { Migration20261125002200_sessions_are_refreshed } from './Migration20261125002200_sessions_are_refreshed.ts';
import { Migration20261125004303_pending_memberships } from './Migration20261125004303_pending_memberships.ts';
import { Migration20261125031819_triggers_ask_first } from './Migration20261125031819_triggers_ask_first.ts';
import { Migration20261125032604_entries_of_a_repository } from './Migration20261125032604_entries_of_a_repository.ts';
import { Migration20261128192029_rights_changes } from './Migration20261128192029_rights_changes.ts';
import { Migration20261130050000_content_in_use } from './Migration20261130050000_content_in_use.ts';
import { Migration20261130054800_people_are_checked } from './Migration20261130054800_people_are_checked.ts';
import { Migration20261130055400_names_of_public_repositories } from './Migration20261130055400_names_of_public_repositories.ts';

/** Every migration, in order; listed by hand so that a bundle or a test runner needs no folder to look into. */
export const migrations = [
  Migration20261124155534_initial,
  Migration20261124204606_people,
  Migration20261124205142_tag_lifetimes,
  Migration20261124205604_garbage_collection,
  Migration20261124205823_usage_logs_tokens_administration,
  Migration20261124211719_rotation_of_signing_keys,
  Migration20261124212800_uploads,
  Migration20261124214044_grants_read_from_the_index,
  Migration20261124215325_pulls_announced_by_their_writer,
  Migration20261124235050_entries_own_namespace,
  Migration20261124235956_sign_ins_are_fresh,
  Migration20261125002200_sessions_are_refreshed,
  Migration20261125004303_pending_memberships,
  Migration20261125031819_triggers_ask_first,
  Migration20261125032604_entries_of_a_repository,
  Migration20261128192029_rights_changes,
  Migration20261130050000_content_in_use,
  Migration20261130054800_people_are_checked,
  Migration20261130055400_names_of_public_repositories,
];
