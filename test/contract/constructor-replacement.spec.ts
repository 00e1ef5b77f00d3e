// Tracers replace the exported `OpenAI` constructor by one that ignores `new.target` and hands back an instance of the
// plain class, or a Proxy of one. Our class must stay itself on top: request, instanceof, balancer, streams, withOptions.
// The replaced SDK is a package of its own, so that our built files load it as they would load the real one.
import { afterAll, describe, expect, it } from 'vitest';
import { ANSWER, ASK, type Bench, startBench } from './support/bench.ts';
import { FORMATS, type Installation, loadInstallation, removeInstallations } from './support/installations.ts';
import { apiError } from './support/wire.ts';

/** `(Original) => replacement`, as source, because it runs inside the replaced package. */
const statics = `
    Object.setPrototypeOf(Replaced, Original);
    Object.setPrototypeOf(Replaced.prototype, Original.prototype);
    for (const key of Object.getOwnPropertyNames(Original)) {
      if (['length', 'name', 'prototype'].includes(key)) continue;
      Object.defineProperty(Replaced, key, Object.getOwnPropertyDescriptor(Original, key));
    }
    return Replaced;`;
const REPLACEMENTS: Record<string, string> = {
  'a function that returns a plain OpenAI': `(Original) => {
    const Replaced = function OpenAI(...args) { return Reflect.construct(Original, args); };${statics}
  }`,
  'a function that returns a deep Proxy of one (Sentry 10)': `(Original) => {
    const deep = (target) => new Proxy(target, { get(of, key) {
      const value = of[key];
      if (typeof value === 'function') return value.bind(of);
      return value && typeof value === 'object' ? deep(value) : value;
    } });
    const Replaced = function OpenAI(...args) { return deep(Reflect.construct(Original, args)); };${statics}
  }`,
  'a Proxy whose construct trap ignores new.target': `(Original) =>
    new Proxy(Original, { construct: (target, args) => new target(...args) })`,
  'a Proxy whose instances are Proxies, their methods not bound (weave)': `(Original) =>
    new Proxy(Original, {
      construct: (target, args) => new Proxy(new target(...args), { get: (of, key, self) => Reflect.get(of, key, self) }),
    })`,
};

afterAll(removeInstallations);

async function withPool(installation: Installation, run: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = await startBench(installation.sdk, installation.library, 2);
  await run(bench).finally(bench.close);
}

for (const sdkName of ['openai', 'openai-6', 'openai-6-low']) {
  for (const format of FORMATS) {
    for (const [what, source] of Object.entries(REPLACEMENTS)) {
      const installation = await loadInstallation(sdkName, format, source);
      describe(`${installation.label}, constructor replaced by ${what}`, () => {
        it('the replacement is in place: new OpenAI() ignores new.target', () => {
          class Plain extends installation.sdk.OpenAI {}
          expect(Object.getPrototypeOf(new Plain({ apiKey: 'x' }))).not.toBe(Plain.prototype);
        });

        it('the client is still ours, and an OpenAI', () =>
          withPool(installation, async (bench) => {
            const client = bench.ours();
            expect(client).toBeInstanceOf(bench.library.LoadBalancedOpenAI);
            expect(client).toBeInstanceOf(bench.sdk.OpenAI);
            expect(client.balancer.snapshot().endpoints).toHaveLength(2);
            expect(typeof client.close).toBe('function');
          }));

        it('calls are balanced and fail over', () =>
          withPool(installation, async (bench) => {
            const client = bench.client();
            for (let n = 0; n < 4; n++) await client.chat.completions.create(ASK);
            expect(bench.upstreams.map(({ seen }) => seen.length)).toEqual([2, 2]);
            bench.failFirst({ status: 500, json: apiError('once') });
            const answer = await client.chat.completions.create(ASK);
            expect(answer.choices[0]?.message.content).toBe(ANSWER);
            expect(bench.library.attemptsOf(answer)).toHaveLength(2);
          }));

        it('streams, lists, raw calls and withOptions work', () =>
          withPool(installation, async (bench) => {
            const client = bench.client();
            let text = '';
            for await (const chunk of await client.chat.completions.create({ ...ASK, stream: true })) {
              text += chunk.choices[0]?.delta.content ?? '';
            }
            expect(text).toBe(ANSWER);
            expect(await client.responses.stream({ model: 'gpt-5', input: 'x' }).finalResponse()).toMatchObject({
              status: 'completed',
            });
            const ids: string[] = [];
            for await (const { id } of client.files.list()) ids.push(id);
            // Those of both endpoints.
            expect(ids).toHaveLength(12);
            expect(await client.post('/echo', { body: { a: 1 } })).toMatchObject({ body: { a: 1 } });
            const other = client.withOptions({ maxRetries: 0 });
            expect(other).toBeInstanceOf(bench.library.LoadBalancedOpenAI);
            expect((await other.chat.completions.create(ASK)).choices[0]?.message.content).toBe(ANSWER);
          }));

        it('clients of its own, steered ones and brought ones send', () =>
          withPool(installation, async (bench) => {
            const client = bench.ours();
            await client.balancer.pin('e2').chat.completions.create(ASK);
            await client.balancer.with({ endpoint: 'e2' }).models.retrieve('gpt-5');
            await client
              .withOptions({ timeout: 5_000 })
              .balancer.pin('e2')
              .embeddings.create({ model: 'm', input: 'x' });
            expect(bench.upstreams.map(({ seen }) => seen.length)).toEqual([0, 3]);
            const brought = bench.ours({}, (i) => ({
              client: new bench.sdk.OpenAI({ baseURL: bench.upstreams[i]?.url, apiKey: bench.key(i) }),
            }));
            bench.failFirst({ status: 500, json: apiError('once') });
            const answer = await brought.chat.completions.create(ASK);
            expect(answer.choices[0]?.message.content).toBe(ANSWER);
            expect(bench.library.attemptsOf(answer)).toHaveLength(2);
          }));

        it('a subclass of ours is itself too', () =>
          withPool(installation, async (bench) => {
            class Mine extends bench.Base {
              label = 'mine';
            }
            const client = bench.make(Mine) as InstanceType<typeof Mine>;
            expect(client).toBeInstanceOf(Mine);
            expect(client.label).toBe('mine');
            await client.chat.completions.create(ASK);
            expect(bench.seen).toHaveLength(1);
          }));
      });
    }
  }
}
