import DataLoader from 'dataloader';

/**
 * Gathers the keys that resolvers ask for in one turn into one load: a field of each of a hundred nodes is one statement. The
 * answers are remembered for as long as the object that holds the loader, which is one request, or the part of it up to a mutation.
 * @param load answers with what it found; what is missing was not found
 */
export function batched<Value>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): (key: string) => Promise<Value | undefined> {
  const loader = new DataLoader<string, Value | undefined>(
    async (keys) => {
      const found = await load(keys);
      return keys.map((key) => found.get(key));
    },
    // After everything of this turn, also what resolvers that wait for each other ask.
    { batchScheduleFn: setImmediate },
  );
  return (key) => loader.load(key);
}
