/**
 * Knows events again that are like one which was read: the same bytes but for some texts and numbers in them. Why: of a stream's
 * events nearly all differ in a word only, and to parse each would cost more than to hand it on. Pure.
 */

/** Fields whose values differ from event to event and change nothing of its meaning, once an answer has begun. */
const VARIES =
  /"(?:content|delta|text|arguments|obfuscation|reasoning|reasoning_content|refusal)": ?"(?:[^"\\]|\\.)+"|"sequence_number": ?\d+/g;
const [QUOTE, BACKSLASH, ZERO, NINE] = [34, 92, 48, 57];

/** The index behind the text whose letters begin at `at`. -1 when it has no end. */
function behindText(text: string, at: number): number {
  for (let end = text.indexOf('"', at); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (before >= at && text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return -1;
}

function behindNumber(text: string, at: number): number {
  let end = at;
  for (let digit = text.charCodeAt(end); digit >= ZERO && digit <= NINE; digit = text.charCodeAt(end)) end += 1;
  return end === at ? -1 : end;
}

/** What events of one kind have in common. */
export class EventTemplate {
  /** What stands before, between and behind what varies. */
  readonly #fixed: readonly string[];
  /** Does a text vary there, or a number? */
  readonly #texts: readonly boolean[];

  private constructor(fixed: readonly string[], texts: readonly boolean[]) {
    this.#fixed = fixed;
    this.#texts = texts;
  }

  /** The template of an event, with its blank line, each byte a letter; `undefined` when nothing in it varies. */
  static of(event: string): EventTemplate | undefined {
    const fixed: string[] = [];
    const texts: boolean[] = [];
    let from = 0;
    for (const { index, 0: found } of event.matchAll(VARIES)) {
      const isText = found.endsWith('"');
      const value = isText ? found.indexOf('"', found.indexOf(':')) + 1 : found.search(/\d+$/);
      fixed.push(event.slice(from, index + value));
      texts.push(isText);
      from = index + found.length - (isText ? 1 : 0);
    }
    if (texts.length === 0) return undefined;
    fixed.push(event.slice(from));
    return new EventTemplate(fixed, texts);
  }

  /** How many places vary. */
  get variables(): number {
    return this.#texts.length;
  }

  /** The event at `at`, which has this form, in the form of `other`. */
  rewritten(text: string, at: number, other: EventTemplate): string {
    let [place, result] = [at, ''];
    for (let index = 0; index < this.#texts.length; index++) {
      place += (this.#fixed[index] as string).length;
      const end = this.#texts[index] ? behindText(text, place) : behindNumber(text, place);
      result += (other.#fixed[index] as string) + text.slice(place, end);
      place = end;
    }
    return result + (other.#fixed.at(-1) as string);
  }

  /** The index behind the event at `at`; -1 when it is another one, or not whole. */
  end(text: string, at: number): number {
    let place = at;
    for (let index = 0; index < this.#fixed.length; index++) {
      const fixed = this.#fixed[index] as string;
      if (!text.startsWith(fixed, place)) return -1;
      place += fixed.length;
      if (index === this.#texts.length) return place;
      // An empty text may mean something else.
      if (this.#texts[index] && text.charCodeAt(place) === QUOTE) return -1;
      place = this.#texts[index] ? behindText(text, place) : behindNumber(text, place);
      if (place < 0) return -1;
    }
    return place;
  }
}
