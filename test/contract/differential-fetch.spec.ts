// One healthy endpoint, two SDK clients: one goes there itself, the other one through `balancer.fetch` of a pool of that endpoint.
// Result, response, error and the requests on the wire are equal, except where a row says why not and what instead.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { bodies } from './differential/bodies.ts';
import { failures } from './differential/failures.ts';
import { type Observed, observe } from './differential/observe.ts';
import type { Row } from './differential/row.ts';
import { successes } from './differential/successes.ts';

let rows = 0;

/** A body that broke off is replaced by the words for that, whose length is another one. */
const CUT = 'a 500 whose body is cut off';

/** The event is handed on as it is, and what it means is the affair of the SDK on top. */
const TOLD = 'a responses stream with an error event after content';

/** Of one connection, or of the body before it was decoded: what a reply that was passed on has no more. */
const OF_THE_TRANSFER = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-encoding']);

/** Said to whoever is on top: the retries are done. */
const OURS = ['x-should-retry', 'false'].join();

/** What was seen, without those headers; a length is that of the bytes on the wire where they were encoded. */
function decoded(seen: Observed): Observed {
  return JSON.parse(JSON.stringify(seen), (key, value: unknown) => {
    if (key !== 'headers' || !Array.isArray(value)) return value;
    const rows = value as [string, string][];
    const encoded = rows.some(([name]) => name === 'content-encoding');
    return rows.filter((row) => {
      const [name] = row;
      return row.join() !== OURS && !OF_THE_TRANSFER.has(name) && !(encoded && name === 'content-length');
    });
  }) as Observed;
}

const groups: Record<string, readonly Row[]> = { successes, failures, bodies };

for (const [group, table] of Object.entries(groups)) {
  describe.concurrent(`the SDK over the pool's fetch: ${group}`, () => {
    for (const { name, call, script, options = { maxRetries: 0 }, plainOptions = options, differs } of table) {
      it(differs && name !== TOLD ? `${name} (differs: ${differs.why})` : name, async () => {
        const apiKey = `sk-row-f${process.pid}-${++rows}`;
        const plain = await observe(
          ({ url }) => new OpenAI({ apiKey, baseURL: url, logLevel: 'off', ...plainOptions }),
          call,
          script,
        );
        const ours = await observe(
          ({ url }) => {
            // The pool does the retries, so the client on top does none.
            const { organization = null, project = null, maxRetries = 2 } = options;
            const account = { apiKey, organization, project };
            const { balancer } = new LoadBalancedOpenAI([{ name: 'only', baseURL: url, ...account }], {
              logLevel: 'off',
              maxRetries,
            });
            const own = { ...options, apiKey: 'unused', maxRetries: 0, fetch: balancer.fetch };
            return new OpenAI({ baseURL: url, logLevel: 'off', ...own });
          },
          call,
          script,
        );
        if (differs && name !== TOLD) differs.check(decoded(ours), decoded(plain));
        else if (name === CUT) expect(ours.error?.message).toBe(plain.error?.message);
        else expect(decoded(ours)).toEqual(decoded(plain));
      });
    }
  });
}
