// What the packed and installed package must do, the same in both module formats: called by smoke.mjs and smoke.cjs with
// what they imported. Plain JavaScript on node:http, because it runs on every supported Node without any tool.
// Nothing here ends the process: it must come to its end by itself.
const assert = require('node:assert/strict');
const { createServer } = require('node:http');

const completion = (content) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5',
  choices: [
    { index: 0, finish_reason: 'stop', logprobs: null, message: { role: 'assistant', content, refusal: null } },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

const chunk = (delta, finish_reason = null) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-5', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

/** A tiny upstream that answers chat completions with its own name, or always with one status. */
async function upstream(name, status = 200) {
  const seen = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const body = JSON.parse(text);
      seen.push({ path: request.url, key: request.headers.authorization, body });
      const json = { 'content-type': 'application/json' };
      if (status !== 200)
        response.writeHead(status, json).end(JSON.stringify({ error: { message: 'down', type: 'server_error' } }));
      else if (!body.stream) response.writeHead(200, json).end(JSON.stringify(completion(name)));
      else {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(
          `${chunk({ role: 'assistant', content: '' })}${chunk({ content: name })}${chunk({}, 'stop')}data: [DONE]\n\n`,
        );
      }
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = { name, apiKey: `sk-${name}`, baseURL: `http://127.0.0.1:${server.address().port}/v1` };
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { endpoint, seen, stop };
}

/** As much of an OpenTelemetry SDK as writes down the names of spans. */
function tracing() {
  const spans = [];
  const none = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
  const span = new Proxy({}, { get: (_, name) => () => (name === 'spanContext' ? none : span) });
  const startSpan = (name) => {
    spans.push(name);
    return span;
  };
  return { spans, tracerProvider: { getTracer: () => ({ startSpan }) } };
}

const messages = [{ role: 'user', content: 'Who are you?' }];
const ask = async (client) => client.chat.completions.create({ model: 'gpt-5', messages });
const answer = (reply) => reply.choices[0].message.content;

/** Keeps every promise or throws. `library` is the namespace, `Default` the default import. */
exports.keep = async ({ library, Default, otel, prometheus, redis, testing, transport, OpenAI, OpenAIError }) => {
  const { LoadBalancedOpenAI, attemptsOf, explain, ConfigurationError, LoadBalancerError } = library;
  assert.equal(Default, LoadBalancedOpenAI, 'default and named import are the same class');
  assert.ok(Object.keys(testing).length > 0, 'the testing entry exports something');
  const noClient = (error) => error instanceof ConfigurationError && /expected a connected client/.test(error.message);
  assert.throws(() => redis.redisStore('redis://localhost'), noClient, 'the redis entry names what is no client');

  const a = await upstream('a');
  const b = await upstream('b');
  const broken = await upstream('broken', 500);
  try {
    const { spans, tracerProvider } = tracing();
    const observers = [otel.openTelemetry({ tracerProvider })];
    const client = new LoadBalancedOpenAI([a.endpoint, b.endpoint], { observers });
    const metrics = prometheus.prometheus(client);
    assert.ok(client instanceof OpenAI, 'is an OpenAI client');
    assert.ok(client instanceof LoadBalancedOpenAI, 'is a LoadBalancedOpenAI');
    const answers = [];
    for (let i = 0; i < 4; i += 1) answers.push(answer(await ask(client)));
    assert.deepEqual(answers.sort(), ['a', 'a', 'b', 'b'], 'four calls over two endpoints');
    assert.deepEqual(new Set([...a.seen, ...b.seen].map(({ key }) => key)), new Set(['Bearer sk-a', 'Bearer sk-b']));
    assert.ok([...a.seen, ...b.seen].every(({ path }) => path === '/v1/chat/completions'));

    assert.deepEqual(spans.slice(0, 2), ['route gpt-5', 'chat gpt-5'], 'the otel entry tells of them');

    let streamed = '';
    for await (const event of await client.chat.completions.create({ model: 'gpt-5', messages, stream: true })) {
      streamed += event.choices[0]?.delta.content ?? '';
    }
    assert.match(streamed, /^[ab]$/, 'a streamed answer');

    const failing = new LoadBalancedOpenAI({ endpoints: [broken.endpoint, b.endpoint], strategy: 'priority' });
    const reply = await ask(failing);
    assert.equal(answer(reply), 'b', 'a failing endpoint fails over');
    assert.deepEqual(
      attemptsOf(reply).map(({ endpoint, status }) => ({ endpoint, status })),
      [
        { endpoint: 'broken', status: 500 },
        { endpoint: 'b', status: 200 },
      ],
    );
    assert.match(explain(reply), /broken 500.*→.*b 200/);
    assert.equal(broken.seen.length, 1, 'the failing endpoint was asked once');
    assert.deepEqual(
      failing.balancer.snapshot().endpoints.map(({ name }) => name),
      ['broken', 'b'],
    );

    const lost = new LoadBalancedOpenAI([broken.endpoint], { maxRetries: 0 });
    const error = await ask(lost).then(
      () => assert.fail('a call to a broken pool must fail'),
      (reason) => reason,
    );
    assert.equal(error.status, 500, "the SDK's own error");
    assert.ok(error instanceof OpenAI.APIError && error instanceof OpenAIError);
    assert.equal(attemptsOf(error).at(-1).endpoint, 'broken');

    assert.throws(
      () => new LoadBalancedOpenAI([a.endpoint], { stratgy: 'priority' }),
      (problem) => {
        assert.ok(
          problem instanceof ConfigurationError &&
            problem instanceof LoadBalancerError &&
            problem instanceof OpenAIError,
        );
        assert.equal(problem.code, 'unknown_option');
        assert.match(problem.message, /stratgy[\s\S]*strategy/);
        return true;
      },
    );
    assert.match(
      metrics.text(),
      /attempts_total\{pool="default",endpoint="a",verdict="ok"\} [23]\n/,
      'metrics of its calls',
    );
    await client.close();

    const standard = globalThis.fetch;
    globalThis.fetch = () => assert.fail('the fast transport does not ask the standard fetch');
    const fast = new LoadBalancedOpenAI([a.endpoint, b.endpoint], { transport: 'fast' });
    assert.deepEqual([answer(await ask(fast)), answer(await ask(fast))].sort(), ['a', 'b'], 'over the fast transport');
    streamed = '';
    for await (const event of await fast.chat.completions.create({ model: 'gpt-5', messages, stream: true })) {
      streamed += event.choices[0]?.delta.content ?? '';
    }
    assert.match(streamed, /^[ab]$/, 'a streamed answer over the fast transport');
    const fetch = transport.fastFetch();
    const { name: _name, ...options } = b.endpoint;
    const plain = new OpenAI({ ...options, fetch, maxRetries: 0 });
    assert.equal(answer(await ask(plain)), 'b', 'a plain SDK client over the fast transport');
    globalThis.fetch = standard;
    await fetch.close();
    await assert.rejects(ask(plain), OpenAI.APIConnectionError, 'a closed fetch sends nothing');
  } finally {
    for (const one of [a, b, broken]) one.stop();
  }
};
