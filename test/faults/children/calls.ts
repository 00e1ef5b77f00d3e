// Makes calls with clients of given options, one client after another, and prints what came of them.
import { inspect } from 'node:util';
import { attemptsOf, LoadBalancedOpenAI, type LoadBalancedOpenAIOptions } from '../../../src/index.ts';
import { timed } from '../../support/lag.ts';

/** One client and how many calls it makes, one after another. */
export interface Act {
  readonly options: LoadBalancedOpenAIOptions;
  readonly calls: number;
  /** Uploads instead of chat calls. */
  readonly upload?: boolean;
}

/** What came of it. */
export interface Seen {
  /** Per call: endpoint and verdict of each attempt, the ms it took without the process's own lag, and everything its error says. */
  readonly calls: { attempts: string[]; ms: number; error: string | null; name: string | null }[];
  readonly endpoints: { name: string; breaker: string; failures: number; cooldowns: unknown[]; excluded: unknown }[];
}

const acts = JSON.parse(process.argv.at(-1)!) as Act[];
// Node loads its fetch when it is first used.
await fetch('data:,');
const seen: Seen[] = [];
for (const { options, calls, upload } of acts) {
  const client = new LoadBalancedOpenAI({ strategy: 'priority', logLevel: 'off', ...options });
  const done: Seen['calls'] = [];
  for (let call = 0; call < calls; call++) {
    let made: PromiseLike<object> | undefined;
    const { error, ms, lag } = await timed(async () => {
      made = upload
        ? client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' })
        : client.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] });
      await made;
    });
    const attempts = attemptsOf(made).map(({ endpoint, verdict }) => `${endpoint} ${verdict}`);
    const text = error ? inspect(error, { depth: 10, showHidden: true }) : null;
    done.push({ attempts, ms: ms - lag, error: text, name: error ? (error as Error).constructor.name : null });
  }
  const endpoints = client.balancer.snapshot().endpoints.map(({ name, breaker, failures, cooldowns, excluded }) => ({
    name,
    breaker,
    failures,
    cooldowns,
    excluded,
  }));
  seen.push({ calls: done, endpoints } as Seen);
  await client.close();
}
console.log(JSON.stringify(seen));
