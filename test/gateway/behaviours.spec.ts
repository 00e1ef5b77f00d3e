// The behaviour matrix of test/contract through the gateway: a plain client of the SDK that knows one address, with one endpoint behind
// it, where it must be as if the endpoint were asked itself, and with two, where it must fail over as the library does. What is
// otherwise by its nature is listed with its reason, and must fail: a list that says too much would hide something.
import * as OpenAI from 'openai';
import { Stream } from 'openai/streaming';
import { describe, expect, it } from 'vitest';
import * as library from '../../src/index.ts';
import { BEHAVIOURS } from '../contract/sdk-behaviours.ts';
import type { Library, Sdk } from '../contract/support/bench.ts';
import { startGatewayBench } from '../support/gateway-bench.ts';

const sdk = { ...OpenAI, Stream } as unknown as Sdk;

const OTHERWISE: Readonly<Record<string, RegExp>> = {
  'the address that a client sees is the gateway’s':
    /^withResponse gives data, the real response|the fetch given to the constructor|matching pair: the first endpoint|what sockets are opened with|prepareRequest of a subclass sees|a subclass with fields and an own constructor/,
  'headers go up and come down by a list, and own ones are not on it':
    /every field filled$|^headers and query of client and call arrive|^withOptions keeps the rest|hasNextPage and getNextPage go on|^a hook put on the instance|^hooks of a subclass survive/,
  'an endpoint that cannot be reached is a 502 of the gateway': /^a refused connection rejects with APIConnectionError/,
  'after attempts of its own the gateway asks for no more':
    /^one retry after a 500 with one upstream|^maxRetries of the constructor, of the call/,
  'the key of a client is for the gateway, not for the endpoint':
    /^apiKey changed after construction|^apiKey as a function/,
  'a client of one address has one address, and retries by itself':
    /^withOptions with a key or a URL over several|^timeout of the constructor bounds a pool call/,
  'what was tried stands in headers and in the log, not in the client':
    /reaches the caller after exactly one request$|^when every endpoint fails the SDK|^attemptsOf and explain know|^hooks run once per attempt|^prepareOptions of a subclass may change the options of each/,
  'usage that nobody asked for is left out of a stream':
    /^for await gives every chunk as it was sent|emits content and resolves the final completion$/,
  'clients of one’s own are no data': /^a brought |^OpenAI and Azure in one pool/,
};

const reasonOf = (name: string) => Object.entries(OTHERWISE).find(([, names]) => names.test(name))?.[0];
/** Of these, some are otherwise with one endpoint only, or with two. */
const asEver = new Set(['sdk prepareOptions of a subclass may change the options of each attempt']);

describe.each(['sdk', 2] as const)('through a gateway before %s', (size) => {
  for (const [group, behaviours] of Object.entries(BEHAVIOURS)) {
    const here = behaviours.filter(({ on }) => on.includes(size));
    if (here.length === 0) continue;
    describe(group, () => {
      for (const one of here) {
        const reason = asEver.has(`${size} ${one.name}`) ? undefined : reasonOf(one.name);
        it(reason === undefined ? one.name : `${one.name}: not so, since ${reason}`, async () => {
          const bench = await startGatewayBench(sdk, library as unknown as Library, size);
          const run = one.run(bench).finally(bench.close);
          if (reason === undefined) await run;
          else await expect(run).rejects.toThrow();
        });
      }
    });
  }
});
