// Callers whose prompts repeat, over the library's own client: agents that talk turn by turn, and single questions about a long
// text many others ask about too. Measured: how much of all prompts came from a cache, and how evenly the calls were spread.
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../src/index.ts';
import { exponential, seeded, seedOf } from './chance.ts';
import { type Message, PrefixCache, tokensOf } from './prefix-cache.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Who calls. */
export interface Callers {
  /** Agents at the same time, and the turns of each of their conversations. */
  readonly agents: number;
  readonly turns: number;
  /** Conversations of an agent, one after the other. */
  readonly conversations: number;
  /** Texts that questions are about; the first is asked about most. Each of these conversations has one turn and names its text. */
  readonly texts?: number;
  /** Whether calls name their text by `prompt_cache_key`. @default true */
  readonly named?: boolean;
}

/** What came of it. */
export interface Cached {
  /** Share of all prompt tokens that came from a cache. */
  readonly hitRate: number;
  /** Calls of the busiest endpoint over those of the average one. */
  readonly maxToMean: number;
  readonly calls: number;
}

const THINKS = 2_000;
const FIRST_TOKEN = 300;
const PER_NEW_TOKEN = 0.1;
const PER_TOKEN = 20;

const words = (random: () => number, tokens: number) => `${random()} `.padEnd(4 * tokens, 'word ');

/** Plays it on virtual time. @param names of the endpoints */
export async function converse(
  names: readonly string[],
  callers: Callers,
  options: Pick<LoadBalancedOpenAIOptions, 'strategy' | 'affinity'>,
  seed: number,
): Promise<Cached> {
  const clock = new VirtualClock(seedOf(seed, 11));
  const random = seeded(seedOf(seed, 12));
  const caches = new Map(names.map((name) => [name, new PrefixCache()]));
  const calls = new Map(names.map((name) => [name, 0]));
  let [prompts, cached] = [0, 0];
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  const fetch = async (url: string | URL | Request, init?: RequestInit) => {
    const [name = ''] = new URL(String(url)).hostname.split('.');
    const { messages } = JSON.parse(String(init?.body)) as { messages: Message[] };
    const prompt = tokensOf(messages);
    const known = (caches.get(name) as PrefixCache).look(messages, clock.now());
    calls.set(name, (calls.get(name) ?? 0) + 1);
    prompts += prompt;
    cached += known;
    const answer = Math.ceil(exponential(random, 200));
    await sleep(FIRST_TOKEN + (prompt - known) * PER_NEW_TOKEN + answer * PER_TOKEN);
    const message = { role: 'assistant', content: words(random, answer) };
    const details = { prompt_tokens_details: { cached_tokens: known } };
    const usage = { prompt_tokens: prompt, completion_tokens: answer, total_tokens: prompt + answer, ...details };
    const choices = [{ index: 0, finish_reason: 'stop', message }];
    return Response.json({ id: 'x', object: 'chat.completion', choices, usage });
  };
  const endpoints = names.map((name) => ({ name, apiKey: 'key', baseURL: `https://${name}.example/v1` }));
  const client = new LoadBalancedOpenAI({ ...options, endpoints, fetch, clock, logLevel: 'off' });
  const texts = Array.from({ length: callers.texts ?? 0 }, () => words(random, 2_000));
  const begins = (): { system: string; key?: { prompt_cache_key: string } } => {
    // The n-th text is asked about 1/n as often as the first.
    const index = Math.floor(Math.exp(random() * Math.log(texts.length + 1))) - 1;
    const text = texts[index];
    return text === undefined
      ? { system: words(random, 1_200) }
      : { system: text, ...(callers.named !== false && { key: { prompt_cache_key: String(index) } }) };
  };
  let talking = callers.agents;
  const agent = async () => {
    await sleep(random() * 30_000);
    for (let conversation = 0; conversation < callers.conversations; conversation++) {
      const { system, key } = begins();
      const messages = [{ role: 'system' as 'system' | 'user' | 'assistant', content: system }];
      for (let turn = 0; turn < callers.turns; turn++) {
        messages.push({ role: 'user', content: words(random, 20 + Math.ceil(exponential(random, 200))) });
        const reply = await client.chat.completions.create({ model: 'gpt-5', messages, ...key });
        messages.push({ role: 'assistant', content: reply.choices[0]?.message.content ?? '' });
        await sleep(exponential(random, THINKS));
      }
    }
    talking -= 1;
  };
  const all = Array.from({ length: callers.agents }, agent);
  await clock.run(() => talking === 0);
  await Promise.all(all);
  const counts = [...calls.values()];
  const sum = counts.reduce((total, count) => total + count, 0);
  return { hitRate: cached / prompts, maxToMean: (Math.max(...counts) * counts.length) / sum, calls: sum };
}
