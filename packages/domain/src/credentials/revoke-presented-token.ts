import { ApiToken, ApplicationToken, RobotToken } from '@escale/schema/entities';
import { as } from '../context.ts';
import { anonymous } from '../access/principal.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage, type UsageKind } from '../usage-logs/record.ts';
import type { Authentication } from './authenticate.ts';
import { readToken } from './token.ts';

/**
 * Ends the token that is presented: whoever holds it may, be it who found it in a repository (S7).
 * @returns whether there was such a token
 */
export async function revokePresentedToken(auth: Authentication, text: string): Promise<boolean> {
  const token = readToken(text);
  if (!token) return false;
  return inTransaction(auth, async (inner) => {
    const row = await find(inner.em, token.type, token.id);
    if (!row || !inner.vault.matches(token.secret, row.token.mac)) return false;
    const ctx = as({ ...inner, principal: anonymous }, anonymous);
    recordUsage(ctx, row.kind, { namespace: row.namespace, details: { ...row.details, presented: true } });
    inner.em.remove(row.token);
    return true;
  });
}

async function find(em: Authentication['em'], type: 'app' | 'rob' | 'api', id: string) {
  if (type === 'rob') {
    const token = await em.findOne(RobotToken, { id }, { populate: ['robot'] });
    const kind: UsageKind = 'robot.token_revoked';
    return token && { token, kind, namespace: token.robot.namespace.name, details: { robot: token.robot.login } };
  }
  const token = await (type === 'app'
    ? em.findOne(ApplicationToken, { id }, { populate: ['user'] })
    : em.findOne(ApiToken, { id }, { populate: ['user'] }));
  const kind: UsageKind = type === 'app' ? 'application_token.revoked' : 'api_token.revoked';
  return token && { token, kind, namespace: token.user.username, details: { title: token.title } };
}
