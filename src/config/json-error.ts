/** Where a text stops being JSON. Why not `JSON.parse`'s message: it often has no position, and it quotes the text. */

const DEEPEST = 500;

/** Offset of the first character that cannot be JSON; the text's length when it just ends too early. */
export function jsonErrorAt(text: string): number {
  let at = 0;
  const eat = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found !== null;
  };
  const mark = (pattern: RegExp): boolean => {
    eat(/[ \t\n\r]*/y);
    return eat(pattern);
  };
  const string = () => mark(/"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy);
  const items = (close: RegExp, item: () => boolean): boolean => {
    if (mark(close)) return true;
    do {
      if (!item()) return false;
    } while (mark(/,/y));
    return mark(close);
  };
  const value = (depth = 0): boolean => {
    // Whatever is wrong with text nested like this, it is no list of addresses.
    if (depth > DEEPEST) return false;
    if (mark(/\{/y)) return items(/\}/y, () => string() && mark(/:/y) && value(depth + 1));
    if (mark(/\[/y)) return items(/\]/y, () => value(depth + 1));
    return string() || mark(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y);
  };
  if (value()) eat(/[ \t\n\r]*/y);
  return at;
}
