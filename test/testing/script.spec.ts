// Which request gets which step, and what a wrong script or option is told.
import { describe, expect, it } from 'vitest';
import { type FaultServerOptions, faultServer, manualClock, type Script } from '../../src/testing/index.ts';

const ask = (url: string, init: RequestInit = {}) =>
  fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5', messages: [] }),
    ...init,
  }).then(
    async (response) => {
      await response.text();
      return response.status;
    },
    () => 'lost' as const,
  );

async function statuses(script: Script, calls: number) {
  await using server = await faultServer({ script });
  const seen: (number | 'lost')[] = [];
  for (let i = 0; i < calls; i++) seen.push(await ask(server.url));
  return seen;
}

describe('the order of steps', () => {
  const cases: [string, Script, (number | 'lost')[]][] = [
    [
      'a list: one step each, then healthy',
      [503, { status: 429, retryAfter: 2 }, 'reset'],
      [503, 429, 'lost', 200, 200],
    ],
    ['an empty list: healthy', [], [200, 200]],
    ['a single step: for every request', 503, [503, 503, 503]],
    ['a single object: for every request', { status: 418 }, [418, 418, 418]],
    ['repeat: round and round', { repeat: [500, 'ok'] }, [500, 200, 500, 200, 500]],
    ['repeat at the end of a list', [501, { repeat: [502, 503] }], [501, 502, 503, 502, 503]],
    ['times', [{ status: 500, times: 2 }, { step: 'reset', times: 2 }, 503], [500, 500, 'lost', 'lost', 503, 200]],
    ['times without end', [400, { status: 500, times: Number.POSITIVE_INFINITY }, 503], [400, 500, 500, 500]],
    ['times inside repeat', { repeat: [{ status: 500, times: 2 }, 'ok'] }, [500, 500, 200, 500, 500, 200]],
    ['a function', (request) => (request.number % 2 ? 500 : 'ok'), [500, 200, 500]],
    ['a function that returns nothing', (request) => (request.number === 2 ? 500 : undefined), [200, 500, 200]],
    ['an async function', async (request) => ({ status: 500 + request.number }), [501, 502]],
  ];
  it.each(cases)('%s', async (_, script, expected) => {
    expect(await statuses(script, expected.length)).toEqual(expected);
  });

  it('a function sees the request with its body and can hold it back', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using server = await faultServer({
      script: async (request) => {
        if (request.model === 'slow') await held;
      },
    });
    const slow = ask(server.url, { body: JSON.stringify({ model: 'slow', messages: [] }) });
    await server.until((s) => s.calls === 1);
    expect(await ask(server.url)).toBe(200);
    expect(server.inFlight).toBe(1);
    release();
    expect(await slow).toBe(200);
  });

  it('script() replaces it, reset() starts the last one again', async () => {
    await using server = await faultServer({ script: [500] });
    expect([await ask(server.url), await ask(server.url)]).toEqual([500, 200]);
    server.script([502]);
    expect([await ask(server.url), await ask(server.url), server.calls]).toEqual([502, 200, 4]);
    server.reset();
    expect([server.calls, await ask(server.url), await ask(server.url), server.calls]).toEqual([0, 502, 200, 2]);
  });
});

describe('a wrong script says what is wrong', () => {
  const cases: [unknown, string][] = [
    ['rest', 'script: unknown step the string "rest"; did you mean \'reset\'?'],
    [[503, 'blackhole'], 'script[1]: unknown step the string "blackhole"; did you mean \'black-hole\'?'],
    [{ step: 'zzzzzzzzzzzz' }, 'script: unknown step the string "zzzzzzzzzzzz"; known are ok, reset, close'],
    [[503, { status: 429, retryAftr: 2 }], "script[1].retryAftr: unknown option; did you mean 'retryAfter'?"],
    [[{ status: 429, retryAfter: true }], 'script[0].retryAfter: expected a number or a string, got true'],
    [600, 'script.status: expected an HTTP status from 200 to 599, got 600'],
    [[42], 'script[0].status: expected an HTTP status from 200 to 599, got 42'],
    [[Number.NaN], 'script[0].status: expected an HTTP status from 200 to 599, got NaN'],
    [null, 'script: a step is a status, a name or an object, got null'],
    [[undefined], 'script[0]: a step is a status, a name or an object, got undefined'],
    [[[503]], 'script[0]: a step is a status, a name or an object, got a list'],
    [[() => 503], 'script[0]: a step is a status, a name or an object, got a function'],
    [{}, 'script: an object step needs one of status, stream, redirect, raw or step, got an object with no fields'],
    [
      { sttus: 503 },
      "needs one of status, stream, redirect, raw or step, got an object with sttus; did you mean 'status'?",
    ],
    [{ stream: -1 }, 'script.stream: expected a whole number, 0 or more, or a list of objects and strings, got -1'],
    [{ stream: 5, cutAfter: 7 }, "script.cutAfter: 7 lies beyond the stream's 5 events"],
    [
      { stream: 5, cutAfter: 'start' },
      'script.cutAfter: expected "headers", or a whole number, 0 or more, got the string "start"',
    ],
    [{ stream: 5, cutAfter: 1, stallAfter: 2 }, 'script: only one of cutAfter and stallAfter can happen in one stream'],
    [{ stream: 5, text: 'abc' }, 'script.text: 3 characters are too few for 5 events'],
    [
      { stream: 5, cutAfter: 1, cut: 'rst' },
      'script.cut: expected "reset" or "close" or "end" or "half-frame", got the string "rst"',
    ],
    [{ stream: 5, toolCalls: [{}] }, 'script.toolCalls: expected a list of { name, arguments }, got a list'],
    [{ stream: 5, cut: 'reset' }, 'script.cut: has no effect without cutAfter or cutAtByte'],
    [{ stream: 5, errorAfter: 1, every: 5 }, 'script.every: has no effect without commentsAfter'],
    [{ stream: [{ a: 1 }], text: 'x' }, 'script.text: has no effect beside events of your own'],
    [{ status: 200, stallBody: true }, 'script.stallBody: has no effect on a healthy answer; give a body or a status'],
    [{ status: 500, code: 'x', body: {} }, 'script.code: has no effect beside body'],
    [{ redirect: 'http://x/', status: 200 }, 'script.status: expected 301 or 302 or 303 or 307 or 308, got 200'],
    [{ raw: [5] }, 'script.raw: expected a string, or bytes, or a list of strings, bytes and pauses, got a list'],
    [{ step: 'reset', bytes: 5 }, 'script.bytes: unknown option; known are times, delay, headers, before'],
    [{ step: 'ok', times: 0 }, 'script.times: expected a whole number, 1 or more, or Infinity, got 0'],
    [{ step: 'ok', delay: Number.POSITIVE_INFINITY }, 'script.delay: expected a number of ms, 0 or more, got Infinity'],
    [
      { step: 'ok', headers: { a: 1 } },
      'script.headers: expected an object whose values are strings or lists of strings',
    ],
    [{ repeat: [] }, 'script.repeat: nothing to repeat'],
    [{ repeat: 503 }, 'script.repeat: expected a list of steps, got 503'],
    [[{ repeat: ['ok'] }, 503], 'script[0]: repeat can only be the last item of a script'],
    [[503, { repeat: ['okay'] }], 'script[1].repeat[0]: unknown step the string "okay"; did you mean \'ok\'?'],
    [{ step: '__proto__' }, 'script: unknown step the string "__proto__"'],
    [{ status: 500, constructor: 1 }, 'script.constructor: unknown option'],
  ];
  it.each(cases)('%j', async (script, message) => {
    const starting = faultServer({ script: script as Script });
    await expect(starting).rejects.toThrow(TypeError);
    await expect(starting).rejects.toThrow(message);
  });

  it('at script() as well, and the script before stays', async () => {
    await using server = await faultServer({ script: 503 });
    expect(() => server.script('okay' as Script)).toThrow("did you mean 'ok'?");
    expect(await ask(server.url)).toBe(503);
  });

  it('a function that throws or returns no step makes close() reject, after it has closed', async () => {
    const wrong = await faultServer({ script: () => 'okay' as 'ok' });
    expect(await ask(wrong.url)).toBe('lost');
    await expect(wrong.close()).rejects.toThrow('script(request 1): unknown step the string "okay"');
    expect(wrong.open).toBe(0);
    const failing = await faultServer({ script: () => Promise.reject(new Error('mine')) });
    expect(await ask(failing.url)).toBe('lost');
    await expect(failing.close()).rejects.toThrow('mine');
    await expect(failing.close()).resolves.toBeUndefined();
  });
});

describe('a wrong option says what is wrong', () => {
  const cases: [unknown, string][] = [
    [[503], 'faultServer: expected an object of options, got a list'],
    [503, 'faultServer: expected an object of options, got 503'],
    [{ scrpt: [503] }, "options.scrpt: unknown option; did you mean 'script'?"],
    [{ name: 'a b' }, 'options.name: expected letters, digits, dots, dashes and underscores, got the string "a b"'],
    [{ port: 70_000 }, 'options.port: expected a port from 0 to 65535, got 70000'],
    [{ latency: '5' }, 'options.latency: expected a number of ms, 0 or more, or a function, got the string "5"'],
    [{ models: 'gpt-5' }, 'options.models: expected a list of strings, got the string "gpt-5"'],
    [{ apiKey: 5 }, 'options.apiKey: expected a string, got 5'],
    [{ rateLimit: { requests: 5 } }, 'options.rateLimit.perMs: missing'],
    [{ rateLimit: { requests: 0, perMs: 5 } }, 'options.rateLimit.requests: expected a whole number, 1 or more, got 0'],
    [{ rateLimit: { request: 5, perMs: 5 } }, "options.rateLimit.request: unknown option; did you mean 'requests'?"],
    [{ objects: { file: 3 } }, "options.objects.file: unknown collection; did you mean 'files'?"],
    [{ objects: { files: -3 } }, 'options.objects: expected an object such as { files: 45 }'],
    [{ tls: { cert: '' } }, 'options.tls.cert: expected a string that is not empty, got the string ""'],
  ];
  it.each(cases)('%j', async (options, message) => {
    const starting = faultServer(options as FaultServerOptions);
    await expect(starting).rejects.toThrow(TypeError);
    await expect(starting).rejects.toThrow(message);
  });

  it('a port in use is the error of the system', async () => {
    await using server = await faultServer();
    await expect(faultServer({ port: server.port })).rejects.toThrow('EADDRINUSE');
  });

  it('of the clock too', async () => {
    expect(() => manualClock({ sed: 1 } as never)).toThrow("options.sed: unknown option; did you mean 'seed'?");
    expect(() => manualClock(5 as never)).toThrow('manualClock: expected an object of options, got 5');
    await expect(manualClock().advance(-1)).rejects.toThrow('advance: expected a number of ms, 0 or more, got -1');
    expect(() => manualClock().jump(Number.NaN)).toThrow('jump: expected a number of ms, got NaN');
  });
});
