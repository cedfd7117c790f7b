/**
 * Gathers the keys that resolvers ask for in one turn into one load: a field of each of a hundred nodes is one statement. The
 * answers are remembered for as long as the object that holds the loader, which is one request.
 * @param load answers with what it found; what is missing was not found
 */
export function batched<Value>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): (key: string) => Promise<Value | undefined> {
  const answers = new Map<string, Promise<Value | undefined>>();
  let batch: { keys: string[]; found: Promise<ReadonlyMap<string, Value>> } | undefined;
  return (key) => {
    const known = answers.get(key);
    if (known) return known;
    if (!batch) {
      const keys: string[] = [];
      const found = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
        batch = undefined;
        return load(keys);
      });
      batch = { keys, found };
    }
    batch.keys.push(key);
    const answer = batch.found.then((found) => found.get(key));
    answers.set(key, answer);
    return answer;
  };
}
