/** Finds the model's name in a JSON text, so that another one can be written in its place. Pure. */
const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44];
const OPENS = new Set([123, 91]);
const CLOSES = new Set([125, 93]);
/** Longer than the key looked for, in whatever way it is written. */
const LONGEST_KEY = 40;

/** The index after the string that begins at `start`. */
export function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
}

/** From quote to quote. */
export type Place = readonly [start: number, end: number];

/** The place of the value where the word stands once and nothing is written in code: nearly always. */
function onlyPlace(text: string, model: unknown): Place | undefined {
  const key = text.indexOf('"model"');
  if (typeof model !== 'string' || key < 0 || text.includes('"model"', key + 1) || text.includes('\\u00'))
    return undefined;
  const value = /^\s*:\s*(?=")/.exec(text.slice(key + 7, key + 32));
  if (!value) return undefined;
  const start = key + 7 + value[0].length;
  const end = endOfString(text, start);
  return text.slice(start + 1, end - 1) === model ? [start, end] : undefined;
}

/** Where the value of the root's `model` stands, if it is a string. Of several the last one counts, as for `JSON.parse`. */
export function placeOfModel(text: string, model: unknown): Place | undefined {
  const only = onlyPlace(text, model);
  if (only) return only;
  let [depth, at] = [0, 0];
  let key: string | undefined;
  let found: Place | undefined;
  while (at < text.length) {
    const letter = text.charCodeAt(at);
    if (letter === QUOTE) {
      const end = endOfString(text, at);
      if (depth === 1 && key === undefined) key = end - at > LONGEST_KEY ? '' : String(JSON.parse(text.slice(at, end)));
      else if (depth === 1 && key === 'model') found = [at, end];
      at = end;
      continue;
    }
    if (OPENS.has(letter)) depth += 1;
    else if (CLOSES.has(letter)) depth -= 1;
    else if (letter === COMMA && depth === 1) key = undefined;
    at += 1;
  }
  return found;
}
