// Official clients with nothing but the gateway's address: openai for Node in three majors and curl, over servers of ours and of others,
// streamed and not, with tools, files, errors and aborts. @anthropic-ai/sdk: test/gateway/anthropic. The Vercel AI SDK and LangChain:
// test/ecosystem/gateway.test.ts. What else the SDK does: behaviours.spec.ts.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import OpenAI6 from 'openai-6';
import OpenAILow from 'openai-6-low';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';
import { endpointOf, gatewayWith, messages, type TestGateway } from '../support/gateway.ts';
import { startAimock, startSteady, type ThirdParty } from '../support/third-party.ts';

/** Each as the newest, whose types they share as far as is used here. */
const MAJORS = {
  'openai 7': OpenAI,
  'openai 6': OpenAI6 as unknown as typeof OpenAI,
  'openai 6.0': OpenAILow as unknown as typeof OpenAI,
} as const;

const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    parse: JSON.parse as (text: string) => { city: string },
    function: ({ city }: { city: string }) => `sun in ${city}`,
  },
};
const called = { step: 'ok', toolCalls: [{ name: 'weather', arguments: { city: 'Paris' } }] } as const;

interface Stage extends AsyncDisposable {
  readonly a: FaultServer;
  readonly b: FaultServer;
  readonly gateway: TestGateway;
}

async function stage(): Promise<Stage> {
  const a = await faultServer({ name: 'a' });
  const b = await faultServer({ name: 'b' });
  const gateway = await gatewayWith({
    strategy: 'priority',
    breaker: false,
    endpoints: [endpointOf(a), endpointOf(b)],
  });
  const dispose = async () => {
    await gateway[Symbol.asyncDispose]();
    await Promise.all([a.close(), b.close()]);
  };
  return { a, b, gateway, [Symbol.asyncDispose]: dispose };
}

describe.each(Object.entries(MAJORS))('%s', (_, Client) => {
  const clientOf = ({ gateway }: Stage) => new Client({ apiKey: 'any', baseURL: `${gateway.url}/v1`, maxRetries: 0 });

  it('calls and streams, past an endpoint that fails', async () => {
    await using s = await stage();
    s.a.script({ repeat: [503] });
    const client = clientOf(s);
    const answer = await client.chat.completions.create({ model: 'gpt-5', messages });
    expect(answer.choices[0]?.message.content).toBe('Hello from b.');
    let text = '';
    for await (const { choices } of await client.chat.completions.create({ model: 'gpt-5', messages, stream: true }))
      text += choices[0]?.delta.content ?? '';
    expect(text).toContain('b');
    const response = await client.responses.create({ model: 'gpt-5', input: 'x' });
    expect((await client.responses.retrieve(response.id)).id).toBe(response.id);
    let deltas = '';
    for await (const event of await client.responses.create({ model: 'gpt-5', input: 'x', stream: true }))
      if (event.type === 'response.output_text.delta') deltas += event.delta;
    expect(deltas).not.toBe('');
    const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'x' });
    expect(data[0]?.embedding.length).toBeGreaterThan(0);
    const file = await client.files.create({ purpose: 'batch', file: new File(['{}'], 'x.jsonl') });
    expect((await client.files.retrieve(file.id)).id).toBe(file.id);
  });

  it.each([false, true])('runs tools (streamed: %s)', async (stream) => {
    await using s = await stage();
    s.a.script([called, 500]);
    s.b.script({ step: 'ok', text: 'Sunny.' });
    const runner = clientOf(s).chat.completions.runTools({
      model: 'gpt-5',
      messages,
      tools: [weather],
      stream,
    } as never) as unknown as {
      finalContent(): Promise<string | null>;
    };
    expect(await runner.finalContent()).toBe('Sunny.');
    expect(JSON.stringify(s.b.requests[0]?.body)).toContain('sun in Paris');
  });

  it('hears of errors in their classes, and asks once', async () => {
    await using s = await stage();
    const errors = [
      [400, Client.BadRequestError],
      [404, Client.NotFoundError],
      [413, Client.APIError],
      [422, Client.UnprocessableEntityError],
      [429, Client.RateLimitError],
      [500, Client.InternalServerError],
    ] as const;
    for (const [status, Class] of errors) {
      for (const server of [s.a, s.b]) server.script({ repeat: [{ status, message: 'No.', code: 'nope' }] });
      const error = await clientOf(s)
        .withOptions({ maxRetries: 2 })
        .chat.completions.create({ model: 'gpt-5', messages })
        .catch((thrown: unknown) => thrown);
      expect(error, String(status)).toBeInstanceOf(Class);
      expect(error).toMatchObject({ status, code: 'nope' });
      await using fresh = await stage();
      expect(fresh.a.calls).toBe(0);
    }
    // At most once each: the gateway says that another round makes no sense.
    expect(s.a.calls + s.b.calls).toBeLessThanOrEqual(2 * errors.length);
  });

  it('ends what it gives up: the endpoint’s connection is let go', async () => {
    await using s = await stage();
    s.a.script({ repeat: [{ stream: 50, gap: 100 }] });
    const stream = await clientOf(s).chat.completions.create({ model: 'gpt-5', messages, stream: true });
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    await expect.poll(() => s.a.requests[0]?.endedAt, { timeout: 2_000 }).toBeDefined();
    s.a.script('black-hole');
    const abort = new AbortController();
    const call = clientOf(s).chat.completions.create({ model: 'gpt-5', messages }, { signal: abort.signal });
    await expect.poll(() => s.a.calls).toBe(2);
    abort.abort();
    await expect(call).rejects.toBeInstanceOf(Client.APIUserAbortError);
    await expect.poll(() => s.a.requests[1]?.endedAt, { timeout: 2_000 }).toBeDefined();
    expect(s.b.calls).toBe(0);
  });

  it('hears of a stream that breaks: an error, never a short answer', async () => {
    await using s = await stage();
    s.a.script({ repeat: [{ stream: 6, cutAfter: 2 }] });
    let text = '';
    const read = async () => {
      for await (const { choices } of await clientOf(s).chat.completions.create({
        model: 'gpt-5',
        messages,
        stream: true,
      }))
        text += choices[0]?.delta.content ?? '';
    };
    await expect(read()).rejects.toBeInstanceOf(Error);
    expect(text).toContain('a-1');
  });
});

describe('curl', () => {
  const folder = mkdtempSync(join(tmpdir(), 'curl-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const curl = async (s: Stage, path: string, ...more: string[]) =>
    (await promisify(execFile)('curl', ['-sS', '--max-time', '10', s.gateway.url + path, ...more])).stdout;
  const body = (more: object = {}) => JSON.stringify({ model: 'gpt-5', messages, ...more });

  it('calls with and without a content type, streams, uploads, and sees errors with their status', async () => {
    await using s = await stage();
    s.a.script({ repeat: [503] });
    expect(await curl(s, '/v1/chat/completions', '-d', body())).toContain('Hello from b.');
    expect(await curl(s, '/v1/chat/completions', '--json', body())).toContain('Hello from b.');
    const events = await curl(s, '/v1/chat/completions', '-N', '-d', body({ stream: true }));
    expect(events).toMatch(/^data: \{/);
    expect(events.trimEnd().endsWith('data: [DONE]')).toBe(true);
    const file = join(folder, 'x.jsonl');
    writeFileSync(file, '{}');
    expect(await curl(s, '/v1/files', '-F', 'purpose=batch', '-F', `file=@${file}`)).toContain('"object":"file"');
    expect(await curl(s, '/v1/audio/transcriptions', '-F', 'model=whisper-1', '-F', `file=@${file}`)).toContain(
      '"text"',
    );
    expect(await curl(s, '/v1/models', '--http1.0')).toContain('"list"');
    expect(await curl(s, '/v1/chat/completions', '-H', 'Expect: 100-continue', '-d', body())).toContain(
      'Hello from b.',
    );
    s.b.script({ repeat: [400] });
    expect(await curl(s, '/v1/chat/completions', '-d', body(), '-w', '%{http_code}')).toMatch(/"error".*400$/s);
    expect(
      await curl(
        s,
        '/v1/chat/completions',
        '-d',
        '{"model":',
        '-H',
        'content-type: application/json',
        '-w',
        '%{http_code}',
      ),
    ).toMatch(/400$/);
    expect(await curl(s, '/v1/models', '-I')).toMatch(/^HTTP\/1\.1 /);
  });
});

describe('over servers of others', () => {
  let aimock: ThirdParty;
  let steady: ThirdParty;
  beforeAll(async () => {
    [aimock, steady] = await Promise.all([startAimock(), startSteady()]);
  }, 30_000);
  afterAll(async () => {
    await Promise.all([aimock.close(), steady.close()]);
  });

  it.each(Object.entries(MAJORS))('%s has its answers, past an endpoint that fails', async (_, Client) => {
    for (const { name, url } of [aimock, steady]) {
      await using down = await faultServer({ name: 'down', script: { repeat: [503] } });
      await using gateway = await gatewayWith({
        strategy: 'priority',
        endpoints: [endpointOf(down), { name, apiKey: 'sk-any', baseURL: url }],
      });
      const client = new Client({ apiKey: 'any', baseURL: `${gateway.url}/v1`, maxRetries: 0 });
      const { data, response } = await client.chat.completions.create({ model: 'gpt-4o', messages }).withResponse();
      expect([name, data.object, response.headers.get('x-endpoint')]).toEqual([name, 'chat.completion', name]);
      const { data: list } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'x' });
      expect(list.length).toBe(1);
      if (name !== 'aimock') continue;
      let text = '';
      for await (const { choices } of await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true }))
        text += choices[0]?.delta.content ?? '';
      expect(text).toBe('Hello from aimock.');
      expect((await client.responses.create({ model: 'gpt-4o', input: 'x' })).output_text).toContain(
        'Hello from aimock.',
      );
    }
  });
});
