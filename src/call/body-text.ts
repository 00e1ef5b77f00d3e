/**
 * The JSON text of a call's body, written once for all its attempts. Endpoints differ in a few fields, the model's name above
 * all: those are put into the text that is there, since writing a body of 20 MB anew holds up everything else for 100 ms.
 */
import { endOfString } from './model-place.ts';

type Loose = Readonly<Record<string, unknown>>;

const [QUOTE, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE, COMMA] = [34, 91, 93, 123, 125, 44];

/** The index after the value that begins at `at`. */
function endOfValue(text: string, at: number): number {
  let depth = 0;
  let end = at;
  for (;;) {
    const letter = text.charCodeAt(end);
    if (letter === QUOTE) {
      end = endOfString(text, end);
      continue;
    }
    if (depth === 0 && (letter === COMMA || letter === CLOSE)) return end;
    if (letter === OPEN || letter === OPEN_LIST) depth += 1;
    else if (letter === CLOSE || letter === CLOSE_LIST) depth -= 1;
    end += 1;
  }
}

/** The members of an object as `JSON.stringify` wrote it, by key: each with its key and without a comma. */
function membersOf(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = 1;
  while (text.charCodeAt(at) === QUOTE) {
    const colon = endOfString(text, at);
    const end = endOfValue(text, colon + 1);
    members.set(JSON.parse(text.slice(at, colon)) as string, text.slice(at, end));
    at = end + 1;
  }
  return members;
}

/** Writes `next` with what it shares with `before`, whose text is known: the same values in the same fields. */
function rewritten(members: ReadonlyMap<string, string>, before: Loose, next: Loose): string {
  let text = '';
  for (const key of Object.keys(next)) {
    const same = Object.hasOwn(before, key) && Object.is(before[key], next[key]);
    const member = same ? members.get(key) : JSON.stringify({ [key]: next[key] }).slice(1, -1);
    if (member) text += text === '' ? member : `,${member}`;
  }
  return `{${text}}`;
}

/** Writes the bodies of one call's attempts: the caller's object, or shallow copies with other fields. */
export class BodyText {
  #body: Loose | undefined;
  #text = '';
  #members: Map<string, string> | undefined;

  /**
   * What `JSON.stringify(body)` says.
   * @param body a plain object.
   */
  of(body: Loose): string {
    if (this.#body === undefined) {
      this.#text = JSON.stringify(body);
      this.#body = body;
    }
    if (this.#body === body) return this.#text;
    this.#members ??= membersOf(this.#text);
    return rewritten(this.#members, this.#body, body);
  }

  /** Hardly any more of them will be asked for: keeps nothing. Why: whoever keeps a promise or a stream would keep the text as well. */
  forget(): void {
    this.#body = undefined;
    this.#text = '';
    this.#members = undefined;
  }
}
