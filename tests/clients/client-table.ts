import type { Reporter, TestModule } from 'vitest/node';
import { steps, type Step } from './step.ts';

type Cell = 'passed' | 'failed' | 'skipped';
const signs: Record<Cell, string> = { passed: 'ok', failed: 'FAILED', skipped: 'skipped' };

/** Prints what each client could do, at the end of the run. */
export default class ClientTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = new Map<string, Map<Step, Cell>>();
    for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
      const { client, step } = test.meta();
      const { state } = test.result();
      if (client === undefined || step === undefined || state === 'pending') continue;
      const row = rows.get(client) ?? new Map<Step, Cell>();
      rows.set(client, row.set(step, worse(row.get(step), state)));
    }
    if (rows.size > 0) console.log(`\n${tableOf(rows)}\n`);
  }
}

/** A step that several tests make, one for each store for instance, is as good as the worst of those that ran. */
function worse(one: Cell | undefined, other: Cell): Cell {
  if (one === 'failed' || other === 'failed') return 'failed';
  return one === 'passed' || other === 'passed' ? 'passed' : 'skipped';
}

function tableOf(rows: ReadonlyMap<string, ReadonlyMap<Step, Cell>>): string {
  const lines = [...rows].map(([client, row]) => [
    client,
    ...steps.map((step) => {
      const cell = row.get(step);
      return cell === undefined ? '-' : signs[cell];
    }),
  ]);
  const table = [['client', ...steps], ...lines];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  return table
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
