import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { withoutSecrets } from './logger.ts';

/** Runs lines in a process of their own, for the logger writes to standard error itself. @returns what it wrote */
function logged(lines: string): string {
  const module = path.join(import.meta.dirname, 'logger.ts');
  const script = `import { createLogger } from ${JSON.stringify(module)};\nconst log = createLogger({ level: 'info' });\n${lines}`;
  return execFileSync('/bin/sh', ['-c', '"$0" --input-type=module -e "$1" 2>&1', process.execPath, script], {
    encoding: 'utf8',
  });
}

describe('a line', () => {
  test('is JSON with the time and the facts', () => {
    const line = JSON.parse(logged("log.info({ path: '/v2/' }, 'answered');")) as Record<string, unknown>;
    expect(line).toMatchObject({ level: 30, msg: 'answered', path: '/v2/' });
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  test('never holds what names a secret, at any level that our lines have (T25)', () => {
    const out = logged(`
      log.info({ authorization: 'hidden', headers: { cookie: 'hidden', authorization: 'hidden', 'set-cookie': 'hidden' },
        req: { headers: { authorization: 'hidden', cookie: 'hidden', 'set-cookie': ['hidden'] } },
        body: { password: 'hidden', token: 'hidden', secret: 'hidden', id_token: 'hidden', code: 'hidden' } }, 'x');`);
    expect(out).not.toContain('hidden');
    expect(out).toContain('***');
  });

  test('tells of an error what happened and where, without what libraries hang onto it', () => {
    const out = logged(`
      const cause = Object.assign(new Error('connect postgres://escale:hidden@db/escale'), { code: 'ECONNREFUSED', request: 'hidden' });
      log.error({ err: new Error('GET https://blobs/x?sig=hidden&y=1', { cause }) }, 'failed');`);
    expect(out).not.toContain('hidden');
    expect(JSON.parse(out)).toMatchObject({
      err: { type: 'Error', message: 'GET https://blobs/x?sig=***&y=1', cause: { errorCode: 'ECONNREFUSED' } },
    });
  });
});

describe('a text without its secrets', () => {
  const token = `esc_app_${'a'.repeat(22)}_${'b'.repeat(43)}_${'c'.repeat(6)}`;
  test.each([
    [`used ${token} twice`, 'used esc_*** twice'],
    ['postgres://escale:hunter2@127.0.0.1:5432/escale', 'postgres://escale:***@127.0.0.1:5432/escale'],
    ['/auth/callback?code=abc&state=def&iss=x', '/auth/callback?code=***&state=***&iss=x'],
    ['https://x.blob.core.windows.net/c/b?sv=1&sig=a%2Fb', 'https://x.blob.core.windows.net/c/b?sv=1&sig=***'],
    ['refused eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln', 'refused eyJ***'],
    ['Bearer x-eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln, then more.', 'Bearer x-eyJ***, then more.'],
    ['AccountName=a;AccountKey=Zm9v+/==;EndpointSuffix=x', 'AccountName=a;AccountKey=***;EndpointSuffix=x'],
    ['nothing to hide: 5 > 3', 'nothing to hide: 5 > 3'],
  ])('%s', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  test.each([
    ['letters', 'a'],
    ['the beginning of a token', 'eyJ-'],
    ['the beginning of a token with a dot', 'eyJ.'],
    ['schemes', 'a://'],
    ['schemes with a password that does not end', 'a://b:c'],
    ['tokens of ours', `esc_app_${'a'.repeat(22)}_`],
    ['parameters', '?sig='],
    ['colons', ':'],
    ['account keys', 'AccountKey='],
  ])('takes no longer than its length asks for: a megabyte of %s (T44)', (_, piece) => {
    const text = piece.repeat(Math.ceil(2 ** 20 / piece.length));
    // In quadratic time this would not end before the test is given up.
    expect(withoutSecrets(text).length).toBeLessThanOrEqual(text.length);
  });
});
