// Runs the tests and ends with the one line that says how it went: `N passed, N failed`.
//   node scripts/test.mjs [--project NAME]... [arguments of vitest]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const given = process.argv.slice(2);
/** All but the real clients and the real Keycloak, which need more than npm brings. */
const projects = given.includes('--project')
  ? []
  : ['unit', 'web', 'architecture', 'whole'].flatMap((name) => ['--project', name]);
const folder = mkdtempSync(path.join(tmpdir(), 'escale-results-'));
const report = path.join(folder, 'report.json');
const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
const child = spawn(
  process.execPath,
  // Node itself resolves workspace packages too (the parts that global-setup starts).
  [
    '--conditions=escale:source',
    vitest,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...projects,
    ...given,
  ],
  { cwd: root, stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  const { passed, failed: failedTests, skipped } = counts();
  // What went wrong beside the tests, such as an error that nobody caught, is told by the exit code alone.
  const failed = code !== 0 && failedTests === 0 ? 1 : failedTests;
  rmSync(folder, { recursive: true, force: true });
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exit(code === 0 && failed === 0 && passed > 0 ? 0 : 1);
});

/** A file that could not even be loaded has no tests to count: it counts as one failure. */
function counts() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const broken = testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.every((one) => one.status !== 'failed'),
    );
    return { passed: numPassedTests, failed: numFailedTests + broken.length, skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
