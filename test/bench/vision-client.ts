// A client that sends one large body at a time and watches how long its event loop stands still meanwhile.
import { LoadBalancedOpenAI } from 'load-balanced-openai';
import { OpenAI } from 'openai';
import { answering } from './child.ts';
import { type Client, viaSdk } from './contenders.ts';

/** Who sends, and where to. */
export interface VisionSpec {
  readonly kind: 'raw' | 'standard' | 'fast';
  /** Asked in this order; one that fails is followed by the next. */
  readonly urls: readonly string[];
}

/** What one call came to. */
export interface Sent {
  /** How often the body was made into text. */
  readonly serialised: number;
  /** The longest time in which the event loop did nothing else, ms. */
  readonly longest: number;
  /** All such times together, ms. */
  readonly all: number;
}

/** Shorter turns of the event loop are no stall, ms. */
const STALL = 5;
const IMAGE = `data:image/png;base64,${Buffer.alloc(15_728_640, 'an image').toString('base64')}`;

const { kind, urls } = JSON.parse(process.argv[2] as string) as VisionSpec;

/** A new one each time: what it learned of the endpoints in the last call must not change the next. */
function newClient(): Client {
  if (kind === 'raw') return viaSdk(new OpenAI({ baseURL: urls[0]!, apiKey: 'key', maxRetries: 0 }));
  const endpoints = urls.map((baseURL, index) => ({ baseURL, apiKey: `key-${index}` }));
  return viaSdk(new LoadBalancedOpenAI(endpoints, { transport: kind, strategy: 'priority', shareState: false }));
}

/** Watches the event loop until told to stop: every turn of it is timed. */
function watch(): () => number[] {
  const stalls: number[] = [];
  let last = performance.now();
  let next: NodeJS.Immediate;
  const turn = () => {
    const now = performance.now();
    if (now - last >= STALL) stalls.push(now - last);
    last = now;
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  return () => {
    clearImmediate(next);
    return stalls;
  };
}

answering({
  async send(): Promise<Sent> {
    let serialised = 0;
    const image_url = {
      url: IMAGE,
      toJSON() {
        serialised++;
        return { url: IMAGE };
      },
    };
    const client = newClient();
    // What the last call left behind is not to be swept up during this one.
    (globalThis as { gc?: () => void }).gc?.();
    const stop = watch();
    await client.send?.([{ role: 'user', content: [{ type: 'image_url', image_url }] }]);
    const stalls = stop();
    const all = stalls.reduce((sum, stall) => sum + stall, 0);
    return { serialised, longest: Math.max(0, ...stalls), all };
  },
});
