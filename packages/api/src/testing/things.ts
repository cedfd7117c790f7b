import { createHash } from 'node:crypto';
import { ApiToken, DefaultPermission, LogExport, Manifest, RobotToken, Session } from '@escale/schema/entities';
import { createToken } from '@escale/domain/credentials';
import { applicationTokenOf, type Scene } from './scene.ts';

/** What stands for a thing of theirs, and what for one that is nowhere, of the same length. */
export type Pair = readonly [existing: string, missing: string];

const missing = (text: string): string => text.slice(0, -5) + 'zzzzz';

const things: Readonly<Record<string, (theirs: Scene) => Promise<Pair>>> = {
  repository: async (theirs) => {
    const { name } = await theirs.repository();
    return [name, missing(name)];
  },
  robot: async (theirs) => {
    const { login } = await theirs.robot();
    return [login, missing(login)];
  },
  team: async (theirs) => {
    const { name } = await theirs.team();
    return [name, missing(name)];
  },
  robotToken: async (theirs) => {
    const { id } = await theirs.em.findOneOrFail(RobotToken, { robot: (await theirs.robot()).id });
    return [id, missingId(id)];
  },
  applicationToken: async (theirs) => {
    const id = await applicationTokenOf(theirs, theirs.people.Oa);
    return [id, missingId(id)];
  },
  apiToken: async (theirs) => {
    const { stored } = createToken(theirs.vault, 'api', { revealable: false });
    theirs.em.create(ApiToken, { ...stored, user: theirs.people.Oa, title: 'script', scopes: ['read'] });
    await theirs.em.flush();
    return [stored.id, missingId(stored.id)];
  },
  session: async (theirs) => {
    const id = createHash('sha256').update(theirs.organization.name).digest('hex');
    const known = await theirs.em.findOne(Session, { id });
    const [lastSeenAt, expiresAt] = [new Date(), new Date(Date.now() + 60_000)];
    if (!known) theirs.em.create(Session, { id, user: theirs.people.Oa, lastSeenAt, expiresAt });
    await theirs.em.flush();
    return [id, missingId(id)];
  },
  usageLogExport: async (theirs) => {
    const moment = new Date(Date.now() + 60_000);
    const facts = { requestedBy: theirs.people.Oa, format: 'csv', to: moment, expiresAt: moment } as const;
    const { id } = theirs.em.create(LogExport, facts);
    await theirs.em.flush();
    return [id, missingId(id)];
  },
  defaultPermission: async (theirs) => {
    const rule = theirs.em.create(DefaultPermission, {
      organization: theirs.organization,
      team: await theirs.team(),
      role: 'read',
    });
    await theirs.em.flush();
    return [rule.id, missingId(rule.id)];
  },
  digest: async (theirs) => {
    const { digest } = await theirs.em.findOneOrFail(Manifest, { repository: (await theirs.repository()).id });
    return [digest, `sha256:${'0'.repeat(64)}`];
  },
};

/** A thing of somebody's scene, made if need be, beside one that is nowhere. */
export async function pairIn(theirs: Scene, thing: string): Promise<Pair> {
  const make = things[thing];
  if (!make) throw new Error(`nothing is made for ${thing}`);
  return make(theirs);
}

const missingId = (id: string): string => `${id.slice(0, -4)}${id.endsWith('0000') ? '1111' : '0000'}`;
