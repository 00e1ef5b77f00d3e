/** Reads what an endpoint says about waiting: `retry-after-ms`, `retry-after`, `x-ratelimit-reset-*`. Pure. */

/** No hint is believed beyond this, in ms: ten minutes. */
export const LONGEST_HINT = 600_000;

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const AMOUNT = /(\d+(?:\.\d+)?)(ms|h|m|s)/y;
/** Only what a server may mean by a number: no exponents, signs or blanks. */
const NUMBER = /^\d+(\.\d+)?$/;

/** Go-style durations as OpenAI sends them: `6m0s`, `1.5s`, `120ms`. @returns ms, or `undefined` when it is none. */
export function parseGoDuration(text: string): number | undefined {
  let total = 0;
  AMOUNT.lastIndex = 0;
  do {
    const [, amount, unit] = AMOUNT.exec(text) ?? [];
    if (unit === undefined) return undefined;
    total += Number(amount) * (UNITS[unit] as number);
  } while (AMOUNT.lastIndex < text.length);
  return total;
}

const [ZERO, NINE] = [48, 57];
/** Longer ones may not be whole any more once they are read. */
const MOST_DIGITS = 15;

/** What is all digits, as nearly every number of a reply; -1 = it is not. Why by hand: a pattern costs as much as the rest of a reply's figures. */
function digitsOf(text: string): number {
  if (text.length === 0 || text.length > MOST_DIGITS) return -1;
  let number = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return -1;
    number = number * 10 + code - ZERO;
  }
  return number;
}

function plainNumber(text: string | null): number | undefined {
  if (text === null) return undefined;
  const digits = digitsOf(text);
  if (digits >= 0) return digits;
  return NUMBER.test(text.trim()) ? Number(text) : undefined;
}

function fromDate(text: string | null, serverDate: string | null, wallNow: number): number | undefined {
  // A date names a time of day; words with a number in them are none.
  if (text === null || !/\d{2}:\d{2}/.test(text)) return undefined;
  const at = Date.parse(text);
  // Against the server's own date, so that a wrong local clock changes nothing.
  const base = serverDate === null ? Number.NaN : Date.parse(serverDate);
  const wait = at - (Number.isNaN(base) ? wallNow : base);
  return wait > 0 ? wait : undefined;
}

/**
 * How long the endpoint asks to be left alone, in ms, at most ten minutes; `undefined` when it says nothing that makes sense
 * (negative, empty, past, not a number). A valid `retry-after-ms` wins over `retry-after`.
 */
export function retryHint(headers: Headers, wallNow: number): number | undefined {
  const ms = plainNumber(headers.get('retry-after-ms'));
  if (ms !== undefined) return Math.min(ms, LONGEST_HINT);
  const text = headers.get('retry-after');
  const seconds = plainNumber(text);
  const wait = seconds === undefined ? fromDate(text, headers.get('date'), wallNow) : seconds * 1_000;
  return wait === undefined ? undefined : Math.min(wait, LONGEST_HINT);
}

/** For a 429 without `retry-after`: the longest reset of a window that is used up, in ms. */
export function exhaustedReset(headers: Headers): number | undefined {
  const resets = WINDOWS.flatMap((window) => {
    const empty = plainNumber(headers.get(HEADERS[window].remaining)) === 0;
    return empty ? (resetOf(headers, window) ?? []) : [];
  });
  return resets.length === 0 ? undefined : Math.min(Math.max(...resets), LONGEST_HINT);
}

const WINDOWS = ['requests', 'tokens'] as const;
type WindowName = (typeof WINDOWS)[number];

/** Where a reply speaks of a window. Written out once: names put together anew are looked up as if never seen. */
const headersOf = (window: WindowName) => ({
  limit: `x-ratelimit-limit-${window}`,
  remaining: `x-ratelimit-remaining-${window}`,
  reset: `x-ratelimit-reset-${window}`,
});
const HEADERS: Readonly<Record<WindowName, ReturnType<typeof headersOf>>> = {
  requests: headersOf('requests'),
  tokens: headersOf('tokens'),
};

/** What was read of late: an endpoint says the same few over and over. */
const durations = new Map<string, number | undefined>();
const MOST_DURATIONS = 200;

/** `6m0s`, or a number of seconds. @returns ms, or `undefined` when it is neither. */
function durationOf(text: string): number | undefined {
  const known = durations.get(text);
  if (known !== undefined) return known;
  const ms = parseGoDuration(text) ?? secondsOf(text);
  if (durations.size >= MOST_DURATIONS) durations.clear();
  if (text.length <= MOST_DIGITS) durations.set(text, ms);
  return ms;
}

/** When a window is full again, in ms; `undefined` when the header says nothing that makes sense. */
function resetOf(headers: Headers, window: WindowName): number | undefined {
  const text = headers.get(HEADERS[window].reset)?.trim();
  const reset = text === undefined ? undefined : durationOf(text);
  return reset !== undefined && reset > 0 ? reset : undefined;
}

/**
 * For a success: the longest reset in ms of a window that is used up, at most a minute; `undefined` when none is, 0 when the
 * headers say that there is room. Figures that cannot be (remaining above the limit, no reset) say nothing.
 */
export function usedUp(headers: Headers): number | undefined {
  let longest: number | undefined;
  for (const window of WINDOWS) {
    const limit = plainNumber(headers.get(HEADERS[window].limit));
    const remaining = plainNumber(headers.get(HEADERS[window].remaining));
    if (limit === undefined || remaining === undefined || limit <= 0 || remaining > limit) continue;
    const reset = remaining === 0 ? resetOf(headers, window) : 0;
    if (reset !== undefined) longest = Math.max(longest ?? 0, Math.min(reset, 60_000));
  }
  return longest;
}

/** What a reply says of one window. */
export interface Figures {
  readonly limit: number;
  readonly remaining: number;
  /** Ms until the window is full again; 0 = it is. */
  readonly reset: number;
}

/** What a reply says of a window; `undefined` when it says nothing, or what cannot be. */
export function figuresOf(headers: Headers, window: WindowName): Figures | undefined {
  const remaining = plainNumber(headers.get(HEADERS[window].remaining));
  if (remaining === undefined) return undefined;
  const limit = plainNumber(headers.get(HEADERS[window].limit));
  if (limit === undefined || limit <= 0 || remaining > limit) return undefined;
  const reset = resetOf(headers, window);
  if (reset !== undefined) return { limit, remaining, reset };
  return remaining === limit ? { limit, remaining, reset: 0 } : undefined;
}

function secondsOf(text: string): number | undefined {
  const seconds = plainNumber(text);
  return seconds === undefined ? undefined : seconds * 1_000;
}
