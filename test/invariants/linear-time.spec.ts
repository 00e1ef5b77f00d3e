// Threat T23: whatever a server or a caller says, however much of it, the time it takes grows with its length and not faster.
import { APIError } from 'openai';
import { describe, expect, it } from 'vitest';
import { finderFor } from '../../src/affinity/handed-out-ids.ts';
import { idsInCall } from '../../src/affinity/stateful-ids.ts';
import { plain } from '../../src/call/describe.ts';
import { operationOf } from '../../src/call/operations.ts';
import { jsonErrorAt } from '../../src/config/json-error.ts';
import { classify } from '../../src/dispatch/classify.ts';
import { ConfigurationError, LoadBalancedOpenAI } from '../../src/index.ts';
import { redactor } from '../../src/observe/redact.ts';
import { scrub } from '../../src/observe/scrub.ts';
import { Confidant } from '../../src/sdk/confidant.ts';
import { nameHostOnly } from '../../src/sdk/redirect-error.ts';
import { faultServer } from '../../src/testing/index.ts';
import { chat, FULL, failure } from '../support/calls.ts';
import { timed } from '../support/lag.ts';
import { aCall, endpointSettings } from '../support/parts.ts';

const MB = 1_048_576;
const KEY = 'sk-proj-Kx7Qw2Zr9TnB5vLp4Yd8HsJ';

/** What the process itself worked for it, in ms: other work of the machine does not count. */
async function worked(work: () => unknown): Promise<number> {
  const from = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1_000;
}

/** Below this (ms) a ratio says nothing; what grows faster than its input is far above it at 1 MB. */
const NOISE = 100;
/** Long enough to show, in characters or so. */
const LENGTH = FULL ? MB : MB / 4;
/** Less than two and a half times as long for each doubling: a quadratic takes 64 times as long for eight times the input. */
const EIGHTFOLD = 2.5 ** 3;

/** Eight times the input takes about eight times the time; the least of up to three runs of each. */
async function expectLinear(work: (length: number) => unknown, length = LENGTH): Promise<void> {
  let [small, large] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const bound = () => Math.max(EIGHTFOLD * small, NOISE);
  for (let run = 0; run < 3 && !(large < bound()); run++) {
    small = Math.min(small, await worked(() => work(length / 8)));
    large = Math.min(large, await worked(() => work(length)));
  }
  expect(large, `${small} ms for an eighth of it`).toBeLessThan(bound());
}

/** Pieces of text that parsers stumble over when they are repeated. */
const PIECES = [
  ...[
    '"',
    "'",
    '\\',
    '\\\\"',
    '%',
    '%2',
    '%25',
    '&',
    '&#',
    '&#0',
    '&amp',
    '\\u0',
    '\\u00',
    '{"error":',
    '[',
    '{',
    '(',
    '<',
  ],
  ...[' ', '\n', '\t', '\r\n\r\n', 'a', 'A', '0', '-', '=', '/', '+', '.', ':', '*', '…', 'é', 'İ', '\u{1f600}'],
  ...[
    'Bearer ',
    'sk-',
    'sk-proj-',
    KEY.slice(0, 11),
    KEY.slice(3, 14),
    KEY.slice(0, -1),
    KEY,
    `${KEY} `,
    'c2st',
    '736b2d',
  ],
  ...['does not exist ', 'no such ', 'model ', 'credit balance ', 'billing ', "'gpt-5' ", '`x` ', 'Headers.append: "'],
  ...["Expected 'apiKey' function argument to return a string but it returned ", 'retry ', 'insufficient '],
];
const filled = (piece: string, length: number) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

const context = {
  ...{ wallNow: 0, failoverOn: [], slowerThanUsual: false, ownBound: false, mayRepeat: false },
  ...{ replayable: true, answeredBefore: true, renewable: false },
};

/** All that is done with an error reply, from the SDK's error on. */
function digest(text: string, status: number): void {
  const settings = endpointSettings({ credential: KEY, options: { apiKey: KEY } });
  const client = { apiKey: KEY, baseURL: 'https://a.example/v1' };
  const confidant = new Confidant(settings, client as never, { method: 'post', path: '/x' });
  for (const body of [undefined, { error: { message: text, code: text, param: text, [text]: 1 } }]) {
    const error = APIError.generate(status, body, text, new Headers());
    nameHostOnly(error, client.baseURL);
    const clean = confidant.safe(error);
    classify({ is: 'error', error: clean, phase: 'head', sent: 'maybe' }, aCall(), context as never);
  }
}

describe('T23: what is done with a large error reply', () => {
  it.each(PIECES)('made of %j', async (piece) => {
    const status = [400, 404, 429, 500, 307][PIECES.indexOf(piece) % 5]!;
    await expectLinear((length) => digest(filled(piece, length), status));
  });

  it('with a million values', async () => {
    const redact = redactor([KEY]);
    await expectLinear((length) => {
      const list = Array.from({ length: length / 16 }, (_, index) => (index % 2 ? { a: `v${index}` } : [index]));
      scrub(APIError.generate(400, { error: { list, last: KEY } }, undefined, new Headers()), redact);
    });
  });

  it('to the end, over a real connection', async () => {
    await using server = await faultServer();
    await using client = new LoadBalancedOpenAI([{ baseURL: server.url, apiKey: KEY }], {
      logLevel: 'off',
      maxRetries: 0,
    });
    for (const piece of ['{"error":', '"', '%25', KEY.slice(0, -1)]) {
      server.script({ repeat: [{ status: 429, body: filled(piece, 1_000_000) }] });
      const { ms, lag } = await timed(() => failure(chat(client)));
      expect(ms, piece).toBeLessThan(2_000 + lag);
    }
  });

  it.each([
    ['lists', (depth: number) => `{"error":${'['.repeat(depth)}${']'.repeat(depth)}}`],
    ['objects', (depth: number) => `${'{"error":'.repeat(depth)}1${'}'.repeat(depth)}`],
    ['a message of lists', (depth: number) => `{"error":{"message":${'['.repeat(depth)}${']'.repeat(depth)}}}`],
  ])('nested without end in %s: the call moves on as with any other body', async (_, body) => {
    await using a = await faultServer({ name: 'a', script: { status: 500, body: body(50_000) } });
    await using b = await faultServer({ name: 'b' });
    await using client = new LoadBalancedOpenAI(
      [
        { name: 'a', baseURL: a.url, apiKey: KEY },
        { name: 'b', baseURL: b.url, apiKey: KEY },
      ],
      { strategy: 'priority', logLevel: 'off', shareState: false },
    );
    expect((await chat(client)).system_fingerprint).toBe('b');
    expect(client.balancer.snapshot().endpoints[0]).toMatchObject({ failures: 1 });
  });
});

describe('T23: other text from outside', () => {
  it.each(['{"a":', '[', '"\\', '"', '{"openai":["', ' ', '1', 'tru'])(
    'JSON that is none, made of %j',
    async (piece) => {
      await expectLinear((length) => jsonErrorAt(filled(piece, length)));
    },
  );

  it('a variable nested without end is refused in words', () => {
    const env = process.env.SERVICE_ENDPOINTS;
    process.env.SERVICE_ENDPOINTS = '['.repeat(100_000);
    expect(() => new LoadBalancedOpenAI()).toThrow(ConfigurationError);
    if (env === undefined) delete process.env.SERVICE_ENDPOINTS;
    else process.env.SERVICE_ENDPOINTS = env;
  });

  it.each(['a', '\n', '\u202e', '\u{e0001}'])('a line of the log made of %j', async (piece) => {
    await expectLinear((length) => plain(filled(piece, length)));
  });
});

describe('T23: streams', () => {
  const event = (text: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] })}\n\n`;
  const ending = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

  /** Reads a stream of these bytes, in pieces of so many. */
  async function readAll(text: string, size: number): Promise<number> {
    const bytes = Buffer.from(text);
    let at = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(new Uint8Array(bytes.subarray(at, at + size)));
      at += size;
    };
    const headers = { 'content-type': 'text/event-stream' };
    const fetch = async () => new Response(new ReadableStream({ pull }), { headers });
    await using client = new LoadBalancedOpenAI([{ apiKey: KEY, fetch }], { logLevel: 'off', shareState: false });
    const stream = await client.chat.completions.create({ model: 'm', messages: [], stream: true });
    let letters = 0;
    for await (const { choices } of stream) letters += choices[0]?.delta.content?.length ?? 0;
    return letters;
  }

  it('one event of 1 MB in a hundred thousand pieces', async () => {
    expect(await readAll(event('x'.repeat(MB)) + ending, 10)).toBe(MB);
    await expectLinear((length) => readAll(event('x'.repeat(length)) + ending, 10));
  });

  it('many small events, in large pieces and in small ones', async () => {
    for (const size of [65_536, 7]) {
      const count = size === 7 ? 4_000 : 16_000;
      await expectLinear((length) => readAll(event('x').repeat(length) + ending, size), count);
    }
  });

  // Events without data are none of these: version 7 of the SDK takes them for broken ones.
  it.each([': ka\n\n', '\n', '\r\n', 'retry: 1\n', 'id: 1\n'])('%j without end', async (piece) => {
    await expectLinear((length) => readAll(`${filled(piece, length)}\n\n${event('x')}${ending}`, 2_048), MB / 4);
  });
});

describe('T23: where ids are looked for', () => {
  const bodies: [string, string, (count: number) => unknown][] = [
    ['items', '/responses', (count) => ({ input: Array(count).fill({ type: 'item_reference', id: 'msg_1' }) })],
    [
      'parts of one message',
      '/chat/completions',
      (count) => ({ messages: [{ content: Array(count).fill({ type: 'text' }) }] }),
    ],
    [
      'encrypted items',
      '/responses',
      (count) => ({ input: Array(count).fill({ encrypted_content: 'x'.repeat(1_000) }) }),
    ],
    [
      'tools in tools',
      '/responses',
      (count) => ({ tools: [{ tools: Array(count).fill({ container: { file_ids: ['file-1'] } }) }] }),
    ],
    [
      'variables',
      '/responses',
      (count) => ({ prompt: { variables: Object.fromEntries(Array.from({ length: count }, (_, i) => [i, {}])) } }),
    ],
    [
      'lists in lists',
      '/responses',
      (count) => ({ input: [...Array(count)].reduce((inner: unknown[]) => [inner], []) }),
    ],
  ];
  it.each(bodies)('%s of a call', async (_, path, bodyOf) => {
    const operation = operationOf('post', path);
    const made = new Map<number, unknown>();
    const body = (length: number) => made.get(length) ?? made.set(length, bodyOf(length / 32)).get(length);
    for (const length of [LENGTH, LENGTH / 8]) body(length);
    await expectLinear((length) => idsInCall({ operation, model: undefined, body: body(length) }), LENGTH);
  });

  it.each(['x', 'x[]', '[', 'a[b]'.repeat(50), 'video[id]'])('a form of fields called %s', async (name) => {
    const operation = operationOf('post', '/videos');
    await expectLinear((length) => {
      const form = new FormData();
      for (let left = length; left > 0; left -= 64) form.append(name, 'y'.repeat(64));
      return idsInCall({ operation, model: undefined, body: form });
    });
  });

  it('a path of many segments, and a field with a long name', async () => {
    await expectLinear((length) => operationOf('get', `/threads/${'runs/x/'.repeat(length / 64)}`), LENGTH / 8);
    const operation = operationOf('post', '/videos');
    await expectLinear((length) => {
      const form = new FormData();
      form.append('['.repeat(length), 'y');
      return idsInCall({ operation, model: undefined, body: form });
    });
  });

  it.each<[string, (count: number) => unknown]>([
    ['objects of a page', (count) => ({ data: Array(count).fill({ id: 'file-1' }) })],
    [
      'annotations',
      (count) => ({ output: [{ content: [{ annotations: Array(count).fill({ file_id: 'file-1' }) }] }] }),
    ],
    ['models told of', (count) => ({ data: [{ message: 'ft:'.repeat(count) }, { message: 'ft:a.'.repeat(count) }] })],
    [
      'lists in lists',
      (count) => [...Array(count)].reduce((inner: unknown) => ({ data: [inner], output: [inner] }), {}),
    ],
  ])('%s in a reply', async (_, replyOf) => {
    const find = finderFor({ operation: operationOf('get', '/fine_tuning/jobs/x/events'), method: 'get' }, undefined);
    const made = new Map([LENGTH, LENGTH / 8].map((length) => [length, replyOf(length / 32)]));
    await expectLinear((length) => find?.(made.get(length)), LENGTH);
  });
});
