import type { TestDatabase } from '@escale/schema/testing';
import { hostile } from './hostile-texts.ts';
import { livelyScene, type LivelyScene } from './lively-scene.ts';
import type { Stack } from './stack.ts';

/** What holds one text at a time: all of them stand there, one below the other. */
const single = [
  ['repositories', 'description'],
  ['organizations', 'description'],
  ['organizations', 'contact_email'],
  ['teams', 'description'],
  ['robots', 'description'],
  ['users', 'email'],
] as const;

/** What there may be many of: one with each text, beside those that there are. */
const tokens = [
  ['application_tokens', ''],
  ['api_tokens', ', scopes'],
] as const;

/** An installation in whose database every text that people, clients or the identity provider can set is hostile. */
export async function hostileScene(stack: Stack, database: TestDatabase): Promise<LivelyScene> {
  const scene = await livelyScene(stack, database);
  const em = database.orm.em.fork();
  for (const [table, column] of single) await em.execute(`update ${table} set ${column} = ?`, [hostile.join('\n')]);
  await em.execute('update teams set synced_group = ? where synced_group is not null', [hostile.join('\n')]);
  const texts = JSON.stringify(hostile);
  for (const [table, more] of tokens)
    await em.execute(
      `insert into ${table} (id, user_id, title, mac, mac_key_id, created_at${more})
         select gen_random_uuid(), x.user_id, said.text, sha256(convert_to(said.text, 'utf8')), x.mac_key_id, now()${more}
           from (select * from ${table} limit 1) x, jsonb_array_elements_text(?::jsonb) said(text)`,
      [texts],
    );
  await em.execute(
    `insert into pending_memberships (id, team_id, login, created_at)
       select gen_random_uuid(), t.id, said.text, now() from teams t, jsonb_array_elements_text(?::jsonb) said(text)
        where t.name = 'developers'`,
    [texts],
  );
  await em.execute(
    `update usage_log_entries x set user_agent = said.text, authenticated_by = said.text,
            details = jsonb_build_object('note', said.text)
       from (select id, (row_number() over (order by at desc) - 1) % ${String(hostile.length)} + 1 as at
               from usage_log_entries) o
       join jsonb_array_elements_text(?::jsonb) with ordinality said(text, at) on said.at = o.at
      where o.id = x.id`,
    [texts],
  );
  await em.execute(`update sessions x set user_agent = ? where user_agent = 'node'`, [
    hostile.join(' ').slice(0, 2000),
  ]);
  return scene;
}
