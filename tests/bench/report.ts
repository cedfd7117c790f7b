/** What one run of a cell showed. */
export interface Measured {
  readonly rate: number;
  /** Milliseconds. */
  readonly half: number;
  readonly p99: number;
  /** Of processor time that the server used for one request or image. */
  readonly microseconds: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const shown = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

export const printTable = {
  head(version: string, processors: number, { rounds, seconds }: { rounds: number; seconds: number }): void {
    console.log(
      `escale with bearer tokens and rights beside distribution ${version} without authentication; ${String(processors)} processors, ` +
        `${String(rounds)} rounds of ${String(seconds)} s in turns; medians\n`,
    );
    console.log(
      '| | connections | unit | escale | distribution | ratio | lowest–highest | target | p99 ms | processor µs |',
    );
    console.log('|---|---|---|---|---|---|---|---|---|---|');
  },

  row(
    cell: { name: string; connections: number; unit: string; target: number },
    ours: readonly Measured[],
    theirs: readonly Measured[],
  ): void {
    const middle = (of: readonly Measured[], key: keyof Measured) => median(of.map((one) => one[key]));
    const pairs = ours.map(({ rate }, round) => rate / (theirs[round]?.rate ?? Number.NaN));
    const ratio = middle(ours, 'rate') / middle(theirs, 'rate');
    const both = (key: keyof Measured) => `${shown(middle(ours, key))}, ${shown(middle(theirs, key))}`;
    const cells = [
      cell.name,
      String(cell.connections),
      cell.unit,
      shown(middle(ours, 'rate')),
      shown(middle(theirs, 'rate')),
      `**${ratio.toFixed(2)}**`,
      `${Math.min(...pairs).toFixed(2)}–${Math.max(...pairs).toFixed(2)}`,
      `${cell.target.toFixed(1)}${ratio >= cell.target ? '' : ' missed'}`,
      both('p99'),
      both('microseconds'),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  },

  facts(facts: readonly (readonly [string, number, number?])[]): void {
    console.log('');
    for (const [name, ours, theirs] of facts) {
      console.log(`- ${name}: ${shown(ours)}${theirs === undefined ? '' : ` (${shown(theirs)})`}`);
    }
    console.log('');
  },
};
