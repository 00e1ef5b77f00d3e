/**
 * What one block of an event stream says, where it says it plainly: one line of data, perhaps with a name. Pure.
 * Why no more: nearly all events are that, and what is out of the ordinary is for the SDK's own decoder to judge.
 */

/** Nothing: comments, ids, times, blank lines. */
export const SILENT = Symbol('silent');
/** A name without data. */
export const NAME_ONLY = Symbol('name only');
/** The end marker. */
export const END = Symbol('end');
/** Errors, data of several lines, what is no JSON: the SDK knows what becomes of it. */
export const ODD = Symbol('odd');

const [NEWLINE, RETURN] = ['\n', '\r'];
/** How the lines begin that say something; everything else is passed over. */
const [DATA, EVENT, MARK] = ['d', 'e', '\uFEFF'];

/** The value of a field. @param at behind its colon. */
const fieldIn = (text: string, at: number, end: number) => text.slice(text[at] === ' ' ? at + 1 : at, end);

function eventOf(name: string, data: string): unknown {
  if (data === '[DONE]') return END;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return ODD;
  }
  if (name.startsWith('thread.')) return { event: name, data: value };
  return name === 'error' || (value as { error?: unknown } | null)?.error ? ODD : value;
}

/** The event as the SDK hands it on by default, or what it is instead of one. @param block with its blank line. */
export function plainEvent(block: Buffer): unknown {
  const text = block.toString();
  let name: string | undefined;
  let data: string | undefined;
  let back = text.indexOf(RETURN);
  for (let at = 0; at < text.length; ) {
    // Of the two that make one line end, the second ends an empty line, which says nothing.
    const line = text.indexOf(NEWLINE, at);
    let end = line === -1 ? text.length : line;
    if (back !== -1 && back < end) {
      end = back;
      back = text.indexOf(RETURN, end + 1);
    }
    switch (text[at]) {
      case DATA:
        if (data !== undefined || !text.startsWith('data:', at)) return ODD;
        data = fieldIn(text, at + 5, end);
        break;
      case EVENT:
        if (name !== undefined || !text.startsWith('event:', at)) return ODD;
        name = fieldIn(text, at + 6, end);
        break;
      case MARK:
        return ODD;
    }
    at = end + 1;
  }
  if (data !== undefined) return eventOf(name ?? '', data);
  return name === undefined ? SILENT : NAME_ONLY;
}
