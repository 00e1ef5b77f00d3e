/** The token usage in a reply, as it is reported: its numbers only, since reports are logged and a server may say anything. Pure. */

/** Words of a field's name; a key's letters and digits would not pass. */
const NAME = /^[a-z]{1,20}(_[a-z]{1,20}|_\d{1,2}[a-z]?|[A-Z][a-z]{1,20}){0,6}$/;

/** Names that were found to be such words: to match one takes longer than all the rest. */
const WORDS = new Set<string>();
/** So many of them are remembered; made-up ones are matched each time. */
const MOST_WORDS = 200;

function isWord(name: string): boolean {
  if (WORDS.has(name)) return true;
  if (!NAME.test(name)) return false;
  if (WORDS.size < MOST_WORDS) WORDS.add(name);
  return true;
}

/** More fields than this no usage has. */
const MOST = 50;

function numbersOf(value: unknown, depth: number): unknown {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object' || Array.isArray(value) || depth > 3) return undefined;
  const kept: Record<string, unknown> = {};
  let fields = 0;
  for (const name of Object.keys(value)) {
    fields += 1;
    if (fields > MOST) break;
    const number = isWord(name) ? numbersOf((value as Record<string, unknown>)[name], depth + 1) : undefined;
    if (number !== undefined) kept[name] = number;
  }
  return kept;
}

type Details = { cached_tokens?: unknown } | null | undefined;

/** The tokens of the prompt and how many of them came from a cache, if a usage names both. */
export function cachedTokens(usage: unknown): { readonly prompt: number; readonly cached: number } | undefined {
  const { prompt_tokens, prompt_tokens_details, input_tokens, input_tokens_details } = (usage ?? {}) as {
    [Name in 'prompt_tokens' | 'input_tokens']?: unknown;
  } & { [Name in 'prompt_tokens_details' | 'input_tokens_details']?: Details };
  const prompt = prompt_tokens ?? input_tokens;
  const cached = (prompt_tokens_details ?? input_tokens_details)?.cached_tokens;
  return typeof prompt === 'number' && typeof cached === 'number' ? { prompt, cached } : undefined;
}

/** The usage that a reply or a stream's event names, if it does. */
export function usageOf(data: unknown): unknown {
  const loose = data as { usage?: unknown; response?: { usage?: unknown } | null };
  const usage = loose.usage ?? loose.response?.usage;
  return typeof usage === 'object' && usage !== null ? numbersOf(usage, 0) : undefined;
}
