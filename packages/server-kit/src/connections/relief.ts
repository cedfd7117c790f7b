/** Something that can be given up when there is too much of it. */
export interface Burden {
  /** Who holds it. */
  readonly source: string;
  /** How much it counts for; above 0. */
  readonly weight: number;
  /** The burden of a source with the lowest value goes first. */
  readonly worth: number;
}

/**
 * Chooses what goes when something is scarce: of the source that holds the most at the moment, what is worth least; then again.
 * So a source with few connections keeps them while another one has many.
 * @param excess weight to get rid of
 */
export function chooseVictims<Kind extends Burden>(burdens: readonly Kind[], excess: number): Kind[] {
  const sources = new Map<string, { total: number; readonly held: Kind[] }>();
  for (const burden of burdens) {
    const source = sources.get(burden.source);
    if (source) {
      source.total += burden.weight;
      source.held.push(burden);
    } else sources.set(burden.source, { total: burden.weight, held: [burden] });
  }
  for (const { held } of sources.values()) held.sort((one, other) => other.worth - one.worth);
  const victims: Kind[] = [];
  for (let left = excess; left > 0;) {
    let heaviest: { total: number; readonly held: Kind[] } | undefined;
    for (const source of sources.values()) if (source.total > (heaviest?.total ?? 0)) heaviest = source;
    const victim = heaviest?.held.pop();
    if (!heaviest || !victim) break;
    heaviest.total = heaviest.held.length === 0 ? 0 : heaviest.total - victim.weight;
    left -= victim.weight;
    victims.push(victim);
  }
  return victims;
}
