// First step of the architecture checks: tells code from comments and strings, without a compiler.
// Why by hand: the checks look at words and places only, and the compiler in use offers no stable API for that.

/** One source text, twice, with every character still in its place. */
export interface Masked {
  /** Comments, strings, template text and regular expressions blanked; the quotes of strings are kept. */
  code: string;
  /** Only comments blanked. */
  uncommented: string;
}

const BEFORE_REGEX =
  /(^|[(,=:[!&|?{};+\-*%^~<>])$|\b(return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield)$/;
const REGEX = /^\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/;

/** Blanks what is not code. Line breaks stay, so positions and line numbers hold. @param jsx a slash beside an angle belongs to a tag. */
export function mask(source: string, jsx = false): Masked {
  const out = source.split('');
  const text = source.split('');
  const hide = (from: number, to: number, comment: boolean): void => {
    for (let i = from; i < to; i += 1) {
      if (source[i] === '\n') continue;
      out[i] = ' ';
      if (comment) text[i] = ' ';
    }
  };
  /** For each open template: how many braces are open inside its current `${`. */
  const templates: number[] = [];
  let last = '';
  let i = 0;

  const string = (quote: string): void => {
    let end = i + 1;
    while (end < source.length && source[end] !== quote && source[end] !== '\n') end += source[end] === '\\' ? 2 : 1;
    hide(i + 1, end, false);
    i = end + 1;
    last = quote;
  };
  const template = (): void => {
    let end = i;
    while (end < source.length && source[end] !== '`' && !source.startsWith('${', end))
      end += source[end] === '\\' ? 2 : 1;
    hide(i, end, false);
    if (source[end] === '`') {
      templates.pop();
      i = end + 1;
      last = '`';
    } else {
      templates[templates.length - 1] = 0;
      i = end + 2;
      last = '{';
    }
  };

  if (source.startsWith('#!')) {
    i = lineEnd(source, 0);
    hide(0, i, true);
  }
  while (i < source.length) {
    const char = source[i] as string;
    const depth = templates.at(-1);
    if (source.startsWith('//', i)) {
      const end = lineEnd(source, i);
      hide(i, end, true);
      i = end;
    } else if (source.startsWith('/*', i)) {
      const close = source.indexOf('*/', i + 2);
      const end = close < 0 ? source.length : close + 2;
      hide(i, end, true);
      i = end;
    } else if (char === "'" || char === '"') string(char);
    else if (char === '`') {
      templates.push(0);
      i += 1;
      template();
    } else if (char === '}' && depth === 0) {
      i += 1;
      template();
    } else {
      const ofTag = jsx && (source[i - 1] === '<' || source[i + 1] === '>');
      const regex = char === '/' && !ofTag && BEFORE_REGEX.test(last) ? REGEX.exec(source.slice(i)) : null;
      if (regex) {
        hide(i, i + regex[0].length, false);
        i += regex[0].length;
        last = ')';
        continue;
      }
      if (depth !== undefined && char === '{') templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && char === '}') templates[templates.length - 1] = depth - 1;
      if (!/\s/.test(char)) last = /[\w$]/.test(char) && /[\w$]/.test(source[i - 1] ?? '') ? last + char : char;
      i += 1;
    }
  }
  return { code: out.join(''), uncommented: text.join('') };
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end < 0 ? source.length : end;
}
