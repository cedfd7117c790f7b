/** Why a text is refused; the message goes to the client. */
export class JsonRefused extends Error {
  override readonly name = 'JsonRefused';
}

/** Levels of objects and arrays. */
const depthLimit = 32;

const whitespace = /[ \t\n\r]*/y;
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const literal = /true|false|null/y;
// A string without its escapes decoded; control characters are refused as RFC 8259 §7 wants.
// eslint-disable-next-line no-control-regex -- the range is the rule
const stringToken = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/**
 * Parses JSON that every reader understands alike (T37): before `JSON.parse`, one pass without recursion refuses duplicate
 * keys, nesting beyond 32 levels, numbers that are not safe integers, strings that are no text (NUL, half a surrogate pair), and
 * anything after the value.
 * @param bytes UTF-8 without a byte-order mark
 * @throws JsonRefused with the reason
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  check(text);
  return JSON.parse(text) as unknown;
}

function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new JsonRefused('it begins with a byte-order mark');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new JsonRefused('it is not UTF-8');
  }
}

function check(text: string): void {
  let at = 0;
  // One entry for each open container: the keys seen so far of an object, undefined for an array.
  const open: (Set<string> | undefined)[] = [];

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const skip = () => match(whitespace);
  const refuse = (why: string): never => {
    throw new JsonRefused(`${why} at character ${String(at)}`);
  };
  const take = (character: string): boolean => {
    if (text[at] !== character) return false;
    at += 1;
    return true;
  };
  const string = (missing: string): string => {
    const token = match(stringToken) ?? refuse(missing);
    if (!token.includes('\\')) return token.slice(1, -1);
    const text = JSON.parse(token) as string;
    if (text.includes('\0') || !text.isWellFormed()) refuse('a string is no text');
    return text;
  };
  const key = (keys: Set<string>) => {
    skip();
    const name = string('a key is missing');
    if (keys.has(name)) refuse(`the key ${JSON.stringify(name.slice(0, 64))} occurs twice`);
    keys.add(name);
    skip();
    if (!take(':')) refuse('a colon is missing');
  };

  /** Reads up to the end of one scalar or into one container; true when a value is complete. */
  const value = (): boolean => {
    skip();
    if (take('{')) {
      const keys = new Set<string>();
      push(keys);
      skip();
      if (take('}')) return pop();
      key(keys);
      return false;
    }
    if (take('[')) {
      push(undefined);
      skip();
      return take(']') ? pop() : false;
    }
    if (text[at] === '"') {
      string('a string is broken');
      return true;
    }
    if (match(literal) !== undefined) return true;
    const number = match(numberToken) ?? refuse('a value is missing');
    if (!/^-?\d+$/.test(number) || !Number.isSafeInteger(Number(number))) refuse('a number is not a safe integer');
    return true;
  };
  const push = (keys: Set<string> | undefined) => {
    if (open.length === depthLimit) refuse(`it nests deeper than ${String(depthLimit)} levels`);
    open.push(keys);
  };
  const pop = (): true => {
    open.pop();
    return true;
  };

  for (;;) {
    if (!value()) continue;
    // A value is complete: close what it completes, up to the next member or the end of the text.
    for (;;) {
      skip();
      if (open.length === 0) {
        if (at < text.length) refuse('something follows the value');
        return;
      }
      const keys = open.at(-1);
      if (take(',')) {
        if (keys) key(keys);
        break;
      }
      if (!take(keys ? '}' : ']')) refuse('a comma or an end is missing');
      open.pop();
    }
  }
}
