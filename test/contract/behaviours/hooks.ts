// Subclasses and their hooks: what a user overrides in the SDK keeps working over a pool.
import type OpenAI from 'openai';
import { expect } from 'vitest';
import { ALL, ANSWER, ASK, behaviour, MANY } from '../support/bench.ts';
import { apiError } from '../support/wire.ts';

type Final = { path: string; query?: unknown };
type Hooked = {
  prepareOptions(options: Final): Promise<void>;
  prepareRequest(request: RequestInit, about: { url: string; options: Final }): Promise<void>;
};

/** Subclassing. */
export const hooks = [
  behaviour('prepareOptions of a subclass may change the options of each attempt', ALL, async (bench) => {
    let calls = 0;
    class Traced extends bench.Base {
      protected override async prepareOptions(options: Parameters<Hooked['prepareOptions']>[0]): Promise<void> {
        calls++;
        options.query = { ...(options.query as object), hooked: 'yes' };
      }
    }
    const client = bench.make(Traced);
    expect(client).toBeInstanceOf(Traced);
    await client.chat.completions.create(ASK);
    expect([calls, bench.seen[0]?.url]).toEqual([1, '/v1/chat/completions?hooked=yes']);
    for await (const _ of client.files.list());
    expect(calls).toBe(bench.seen.length);
    expect(bench.seen.every(({ query }) => query.get('hooked') === 'yes')).toBe(true);
  }),

  behaviour(
    'prepareRequest of a subclass sees the final request of each attempt and may add headers',
    ALL,
    async (bench) => {
      const urls: string[] = [];
      class Signed extends bench.Base {
        protected override async prepareRequest(request: RequestInit, { url }: { url: string }): Promise<void> {
          urls.push(url);
          (request.headers as Headers).set('x-signature', String(new URL(url).port));
        }
      }
      await bench.make(Signed).chat.completions.create(ASK);
      const at = bench.upstreams[bench.seen[0]!.upstream];
      expect(urls).toEqual([`${at?.url}/chat/completions`]);
      expect(bench.seen[0]?.headers['x-signature']).toBe(new URL(at?.origin ?? '').port);
    },
  ),

  behaviour('hooks run once per attempt, also on failover, with the URL of that attempt', MANY, async (bench) => {
    bench.failFirst({ status: 500, json: apiError('once') });
    const ports: string[] = [];
    let prepared = 0;
    class Both extends bench.Base {
      protected override async prepareOptions(): Promise<void> {
        prepared++;
      }
      protected override async prepareRequest(_: RequestInit, { url }: { url: string }): Promise<void> {
        ports.push(new URL(url).origin);
      }
    }
    await bench.make(Both).chat.completions.create(ASK);
    expect(prepared).toBe(2);
    expect(ports).toEqual(bench.seen.map(({ upstream }) => bench.upstreams[upstream]?.origin));
  }),

  behaviour('a hook put on the instance works like one of the class', ALL, async (bench) => {
    const client = bench.client();
    const seen: string[] = [];
    (client as unknown as Hooked).prepareOptions = async (options) => void seen.push(options.path);
    (client as unknown as Hooked).prepareRequest = async (request) =>
      (request.headers as Headers).set('x-instance', 'yes');
    await client.chat.completions.create(ASK);
    expect(seen).toEqual(['/chat/completions']);
    expect(bench.seen[0]?.headers['x-instance']).toBe('yes');
  }),

  behaviour('hooks of a subclass survive withOptions', ALL, async (bench) => {
    class Signed extends bench.Base {
      protected override async prepareRequest(request: RequestInit): Promise<void> {
        (request.headers as Headers).set('x-signature', 'yes');
      }
    }
    const other = bench.make(Signed).withOptions({ maxRetries: 0 });
    expect(other).toBeInstanceOf(Signed);
    await other.chat.completions.create(ASK);
    expect(bench.seen[0]?.headers['x-signature']).toBe('yes');
  }),

  behaviour('a subclass may wrap request() and call super', ALL, async (bench) => {
    const paths: string[] = [];
    class Counting extends bench.Base {
      override request<Rsp>(...args: Parameters<OpenAI['request']>): ReturnType<typeof OpenAI.prototype.request<Rsp>> {
        void Promise.resolve(args[0]).then(({ path }) => paths.push(path));
        return super.request<Rsp>(...args);
      }
    }
    const client = bench.make(Counting);
    expect((await client.chat.completions.create(ASK)).choices[0]?.message.content).toBe(ANSWER);
    await client.get('/echo');
    expect(paths).toEqual(['/chat/completions', '/echo']);
    expect(bench.seen).toHaveLength(2);
  }),

  behaviour('a subclass with fields and an own constructor', ALL, async (bench) => {
    class Named extends bench.Base {
      label = 'mine';
      greet() {
        return `${this.label}:${this.baseURL}`;
      }
    }
    const client = bench.make(Named) as InstanceType<typeof Named>;
    expect(client.greet()).toBe(`mine:${bench.upstreams[0]?.url}`);
    expect((client.withOptions({ timeout: 1_000 }) as typeof client).greet()).toBe(client.greet());
    await client.chat.completions.create(ASK);
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('a hook that throws rejects the call with its own error and sends nothing', ALL, async (bench) => {
    class Refusing extends bench.Base {
      protected override async prepareOptions(): Promise<void> {
        throw new Error('not today');
      }
    }
    await expect(bench.make(Refusing).chat.completions.create(ASK)).rejects.toThrow('not today');
    expect(bench.seen).toHaveLength(0);
  }),
];
