/**
 * Knows events again that are like one which was read: the same bytes but for some texts and numbers in them. Why: of a stream's
 * events nearly all differ in a word only, and to parse each would cost more than to hand it on. Pure.
 */

/** Fields whose values differ from event to event and change nothing of its meaning, once an answer has begun. */
const VARIES =
  /"(?:content|delta|text|arguments|obfuscation|reasoning|reasoning_content|refusal)": ?"(?:[^"\\]|\\.)+"|"sequence_number": ?\d+/g;
const [QUOTE, BACKSLASH, ZERO, NINE] = [34, 92, 48, 57];

/** The index of the quote that ends the text whose bytes begin at `at`. -1 when it has no end. */
function endOfText(bytes: Buffer, at: number): number {
  for (let end = at; end < bytes.length; end += 1) {
    const byte = bytes[end];
    if (byte === QUOTE) return end;
    if (byte === BACKSLASH) end += 1;
  }
  return -1;
}

function endOfNumber(bytes: Buffer, at: number): number {
  let end = at;
  for (let digit = bytes[end]; digit !== undefined && digit >= ZERO && digit <= NINE; digit = bytes[end]) end += 1;
  return end === at ? -1 : end;
}

/** Do these bytes stand there? By hand: each way to ask Node takes longer than to look. */
function stands(fixed: Buffer, bytes: Buffer, at: number): boolean {
  const { length } = fixed;
  if (at + length > bytes.length) return false;
  for (let index = 0; index < length; index++) if (bytes[at + index] !== fixed[index]) return false;
  return true;
}

/** What events of one kind have in common. */
export class EventTemplate {
  /** What stands before, between and behind what varies. */
  readonly #fixed: readonly Buffer[];
  /** Does a text vary there, or a number? */
  readonly #texts: readonly boolean[];

  private constructor(fixed: readonly Buffer[], texts: readonly boolean[]) {
    this.#fixed = fixed;
    this.#texts = texts;
  }

  /** The template of an event, with its blank line; `undefined` when nothing in it varies. */
  static of(block: Buffer): EventTemplate | undefined {
    // Each byte a letter: their places are the same.
    const event = block.toString('latin1');
    const fixed: Buffer[] = [];
    const texts: boolean[] = [];
    let from = 0;
    for (const { index, 0: found } of event.matchAll(VARIES)) {
      const isText = found.endsWith('"');
      const value = isText ? found.indexOf('"', found.indexOf(':')) + 1 : found.search(/\d+$/);
      fixed.push(Buffer.from(block.subarray(from, index + value)));
      texts.push(isText);
      from = index + found.length - (isText ? 1 : 0);
    }
    if (texts.length === 0) return undefined;
    fixed.push(Buffer.from(block.subarray(from)));
    return new EventTemplate(fixed, texts);
  }

  /** How many places vary. */
  get variables(): number {
    return this.#texts.length;
  }

  /** How many bytes an event of this form has beside what varies. */
  get size(): number {
    return this.#fixed.reduce((sum, { length }) => sum + length, 0);
  }

  #endOf(index: number, bytes: Buffer, at: number): number {
    return this.#texts[index] ? endOfText(bytes, at) : endOfNumber(bytes, at);
  }

  /** Writes the event at `at`, which has this form, in the form of `other`. @returns the index behind it. */
  rewrite(bytes: Buffer, at: number, other: EventTemplate, into: Buffer, to: number): number {
    let [place, written] = [at, to];
    for (let index = 0; index < this.#texts.length; index++) {
      place += (this.#fixed[index] as Buffer).length;
      const end = this.#endOf(index, bytes, place);
      written += (other.#fixed[index] as Buffer).copy(into, written);
      written += bytes.copy(into, written, place, end);
      place = end;
    }
    return written + (other.#fixed.at(-1) as Buffer).copy(into, written);
  }

  /** The index behind the event at `at`; -1 when it is another one, or not whole. */
  end(bytes: Buffer, at: number): number {
    let place = at;
    for (let index = 0; index < this.#fixed.length; index++) {
      const fixed = this.#fixed[index] as Buffer;
      if (!stands(fixed, bytes, place)) return -1;
      place += fixed.length;
      if (index === this.#texts.length) return place;
      // An empty text may mean something else.
      if (this.#texts[index] && bytes[place] === QUOTE) return -1;
      place = this.#endOf(index, bytes, place);
      if (place < 0) return -1;
    }
    return place;
  }
}
