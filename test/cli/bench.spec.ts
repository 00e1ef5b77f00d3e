// `bench` as a user runs it: what it measures is what happened, and it says what to do where it cannot measure.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readAsked } from '../../src/cli/bench/asked.ts';
import type { CallResult } from '../../src/cli/bench/one-call.ts';
import { shownMs } from '../../src/cli/bench/report.ts';
import { Tally } from '../../src/cli/bench/tally.ts';
import { baseOf } from '../../src/cli/bench/target.ts';
import { faultServer } from '../../src/testing/index.ts';
import { endpointOf, gatewayWith } from '../support/gateway.ts';
import { cli, startCli } from './run-cli.ts';

interface Printed {
  readonly url: string;
  readonly model: string;
  readonly stream: boolean;
  readonly calls: number;
  readonly failed: number;
  readonly callsPerSecond: number;
  readonly ms: Readonly<Record<'p50' | 'p95' | 'p99' | 'most', number>> | null;
  readonly firstTokenMs: Readonly<Record<'p50', number>> | null;
  readonly attemptsPerCall: number | null;
  readonly endpoints: readonly { readonly endpoint: string; readonly calls: number }[];
  readonly errors: readonly { readonly what: string; readonly count: number }[];
}

describe('bench', () => {
  it('calls a gateway so many times, so many at once, and says who served', async () => {
    await using a = await faultServer({ name: 'a', models: ['gpt-5'], latency: 5 });
    await using b = await faultServer({ name: 'b', models: ['gpt-5'], latency: 5 });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a), endpointOf(b)],
      groups: { fast: { endpoints: ['a', 'b'].map((endpoint) => ({ endpoint, model: 'gpt-5' })) } },
    });
    const args = ['bench', '--url', gateway.url, '--calls', '40', '--concurrency', '4'];
    const { code, out, err } = await cli(args);
    expect(code).toBe(0);
    expect(err).toBe('What answers there may ask others, which costs money where they take some.\n');
    expect(out).toContain(`${gateway.url}/v1\n  40 calls, model fast, not streamed, 4 at once`);
    expect(out).toMatch(/^ {2}calls +40 in \d+\.\d\d s$/m);
    expect(out).toMatch(/^ {2}failed +0$/m);
    expect(out).toMatch(/^ {2}time( +[\d.]+ (µs|ms|s)){4}$/m);
    for (const name of ['a', 'b']) expect(out).toMatch(new RegExp(`^ {2}${name} +━+.* 50 % +20 +[\\d.]+ ms$`, 'm'));
    expect(out).toMatch(/^ {2}attempts +1\.00 a call$/m);
    expect(out).not.toMatch(/first token|failed with/);
    expect(out).not.toContain('\x1b');
    expect(a.requests.map(({ body }) => body)).toEqual(
      a.requests.map(() => ({
        model: 'gpt-5',
        messages: [{ role: 'user', content: 'Say hello in one word.' }],
        max_completion_tokens: 16,
      })),
    );
    expect([a.calls, b.calls]).toEqual([20, 20]);
  });

  it('tells errors by kind, counts what a stream took to begin, and exits with 1', async () => {
    await using server = await faultServer({
      models: ['m'],
      // The first one asks for its models.
      script: [
        'ok',
        { stream: 6, gap: 30 },
        { stream: 6, gap: 30 },
        500,
        { status: 429, code: 'rate_limit_exceeded' },
        { stream: 4, cutAfter: 2 },
        'reset',
      ],
    });
    const args = ['bench', '--url', server.url, '--model', 'm', '--stream', '--json', '--calls', '6'];
    const { code, out } = await cli([...args, '--concurrency', '1', '--max-tokens', '0'], {
      OPENAI_API_KEY: 'sk-bench',
    });
    expect(code).toBe(1);
    const printed = JSON.parse(out) as Printed;
    expect(printed).toMatchObject({ url: server.url, model: 'm', stream: true, calls: 6, failed: 4 });
    // Five pauses lie between the first word and the last.
    const { ms, firstTokenMs } = printed;
    expect((ms?.p50 ?? 0) - (firstTokenMs?.p50 ?? 0)).toBeGreaterThan(100);
    expect(printed.errors).toEqual([
      { what: '429 rate_limit_exceeded', count: 1 },
      { what: expect.stringMatching(/^500/), count: 1 },
      { what: 'ECONNRESET', count: 1 },
      { what: 'the reply broke: ECONNRESET', count: 1 },
    ]);
    expect([printed.endpoints, printed.attemptsPerCall]).toEqual([[], null]);
    expect(server.requests.at(-1)).toMatchObject({ apiKey: 'sk-bench', body: { stream: true } });
    expect(server.requests.at(-1)?.body).not.toHaveProperty('max_completion_tokens');
    expect(out).not.toContain('sk-bench');
  });

  it('counts a stream that breaks with an error as failed', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 4, cutAfter: 2 } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const args = ['bench', '--url', gateway.url, '--model', 'gpt-5', '--stream', '--calls', '3', '--concurrency', '1'];
    const { code, out } = await cli(args);
    expect(code).toBe(1);
    expect(out).toMatch(/^ {2}failed +3 \(100\.0 %\)$/m);
    expect(out).toMatch(/failed with\n +3 × the stream broke: \w+/);
  });

  it('ends after a time, and when it is told to, with what it has', async () => {
    await using server = await faultServer({ models: ['m'], latency: 20 });
    const args = ['bench', '--url', server.url, '--json', '--concurrency', '2'];
    const timed = JSON.parse((await cli([...args, '--duration', '1'])).out) as Printed;
    expect(timed.calls).toBeGreaterThan(4);
    expect(timed.calls).toBeLessThan(120);
    const running = startCli([...args, '--calls', '100000']);
    await server.until(({ calls }) => calls >= timed.calls + 20);
    running.child.kill('SIGINT');
    const { code, out } = await running.over;
    expect(code).toBe(130);
    const stopped = JSON.parse(out) as Printed;
    expect(stopped.failed).toBe(0);
    expect(stopped.calls).toBeGreaterThanOrEqual(15);
  });

  it('starts a gateway of its own without an address, and ends it', async () => {
    const { code, out, err } = await cli(['bench', '--calls', '12', '--concurrency', '12', '--json'], {
      OPENAI_API_KEY: 'sk-not-for-the-demo',
    });
    expect([code, err]).toEqual([0, '']);
    const { url, model, calls, endpoints } = JSON.parse(out) as Printed;
    expect([model, calls]).toEqual(['gpt-5', 12]);
    expect(endpoints.reduce((sum, each) => sum + each.calls, 0)).toBe(12);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('says that calls to others are real, and makes few of them', async () => {
    const sent: string[] = [];
    const server = createServer((message, response) => {
      sent.push(`${message.method} ${message.url}`);
      response.setHeader('content-type', 'application/json').end('{"choices":[]}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    // This machine by a name that does not look like it.
    const url = `http://0.0.0.0:${port}`;
    try {
      const lacking = await cli(['bench', '--url', url]);
      expect([lacking.code, lacking.err]).toEqual([
        2,
        expect.stringMatching(/^Which model is .* Say --model; it lists none\.\n$/),
      ]);
      const { code, err } = await cli(['bench', '--url', url, '--model', 'm', '--json']);
      expect([code, err]).toEqual([0, `These calls are real: 0.0.0.0:${port} charges for them.\n`]);
      expect(sent.filter((each) => each === 'POST /v1/chat/completions')).toHaveLength(20);
    } finally {
      server.close();
    }
  });

  it('says what to do where nobody listens, and where the key is refused', async () => {
    await using gone = await faultServer();
    await gone.refuse();
    const nobody = await cli(['bench', '--url', gone.url]);
    expect([nobody.code, nobody.out]).toEqual([1, '']);
    expect(nobody.err).toMatch(/cannot be reached: nobody listens there\. Is the gateway running\?/);
    await using closed = await faultServer({ script: 401 });
    const refused = await cli(['bench', '--url', closed.url, '--key', 'sk-wrong']);
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining('refuses the key (401): give one with --key'),
    ]);
    expect(refused.err).not.toContain('sk-wrong');
  });
});

describe('what is asked', () => {
  it.each([
    [{ calls: '0' }, /--calls is a whole number from 1 to 1,000,000/],
    [{ concurrency: '1e3' }, /--concurrency is a whole number from 1 to 1,000/],
    [{ duration: '-1' }, /--duration is a whole number from 1 to 3,600/],
    [{ url: 'ftp://x' }, /--url is an http or https address/],
    [{ url: 'http://me:secret@x' }, /--url is an http or https address without a name or password/],
    [{ model: 'gpt-5' }, /go with --url/],
    [{ url: 'http://x', key: 'a b' }, /no header can carry/],
  ])('%j is refused', (values, problem) => {
    expect(readAsked(values, {})).toMatch(problem);
  });

  it('has bounds where nothing is said', () => {
    const asked = { concurrency: 16, calls: undefined, duration: undefined, maxTokens: 16, stream: false, json: false };
    expect(readAsked({}, { OPENAI_API_KEY: 'k' })).toEqual({
      ...asked,
      url: undefined,
      key: undefined,
      model: undefined,
    });
  });

  it.each([
    ['127.0.0.1:8000', 'http://127.0.0.1:8000/v1'],
    ['http://localhost:8000/', 'http://localhost:8000/v1'],
    ['https://x.example/openai/v1/chat/completions', 'https://x.example/openai/v1'],
    ['https://x.example/v1/models', 'https://x.example/v1'],
    ['not an address', undefined],
  ])('takes %s for %s', (written, meant) => {
    expect(baseOf(written)).toBe(meant);
  });
});

describe('figures', () => {
  const result = (ms: number, more: Partial<CallResult> = {}): CallResult => ({
    ...{ ms, firstMs: undefined, problem: undefined, endpoint: 'a', attempts: 1 },
    ...more,
  });

  it('are quantiles of the calls that were answered, and sums by endpoint and error', () => {
    const tally = new Tally();
    for (let ms = 1; ms <= 100; ms++) tally.add(result(ms, ms > 90 ? { endpoint: 'b', attempts: 2 } : {}));
    for (const problem of ['500', '429 slow', '429 slow']) tally.add(result(1e6, { problem, endpoint: undefined }));
    expect(tally.figures(2_000)).toEqual({
      ...{ calls: 103, failed: 3, seconds: 2, callsPerSecond: 51.5, firstTokenMs: null },
      ms: { p50: 50, p95: 95, p99: 99, most: 100 },
      attemptsPerCall: (93 + 20) / 103,
      endpoints: [
        { endpoint: 'a', calls: 90, p50: 45 },
        { endpoint: 'b', calls: 10, p50: 95 },
      ],
      errors: [
        { what: '429 slow', count: 2 },
        { what: '500', count: 1 },
      ],
    });
    expect(new Tally().figures(0)).toMatchObject({ calls: 0, callsPerSecond: 0, ms: null });
  });

  it.each([
    [0.2504, '250 µs'],
    [12.34, '12.3 ms'],
    [345.6, '346 ms'],
    [1_234, '1.23 s'],
  ])('%d ms are shown as %s', (ms, shown) => {
    expect(shownMs(ms)).toBe(shown);
  });
});
