/**
 * What is wrong with the shape of a JSON text, read off the text before it is parsed. Why before: a body of brackets alone costs the
 * parser seconds and a gigabyte; and of a name that stands there twice it shows the last one, where an endpoint may read the first.
 */
const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [34, 92, 44, 91, 93, 123, 125];
/** Longer than `model` in whatever way it is written. */
const LONGEST_KEY = 40;

/** The index of the quote that ends the string begun at `start`; -1 when none does. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end >= 0; end = bytes.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    while (bytes[end - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}

/** Is the string from quote to quote the word `model`, escapes and all? */
function isModel(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > LONGEST_KEY) return false;
  const text = bytes.toString('latin1', start, end + 1);
  if (!text.includes('\\')) return text === '"model"';
  try {
    return JSON.parse(text) === 'model';
  } catch {
    return false;
  }
}

/**
 * Nested deeper than so many levels, or with two models at its root; `undefined` = neither. What is no JSON is not judged.
 * @param levels the most there may be.
 */
export function wrongShape(bytes: Buffer, levels: number): 'deep' | 'two models' | undefined {
  let [depth, models, isKey] = [0, 0, true];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      if (end < 0) return undefined;
      if (depth === 1 && isKey && isModel(bytes, at, end)) models += 1;
      if (models > 1) return 'two models';
      if (depth === 1) isKey = false;
      at = end;
    } else if (byte === COMMA) {
      if (depth === 1) isKey = true;
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
      if (depth > levels) return 'deep';
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
  }
  return undefined;
}
