// Threats T20 to T23: what an endpoint or a caller says, however much of it and whatever is in it, fills no memory, forges no line,
// makes no new label, and takes time in proportion to its length. For the library alone: test/invariants/{tenants,linear-time,
// secrets-log}.spec.ts and test/faults/50-too-large.spec.ts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { placeOf } from '../../../src/gateway/call/call-place.ts';
import { Figures } from '../../../src/gateway/figures/figures.ts';
import { metricsText } from '../../../src/gateway/figures/metrics.ts';
import { GatewayLog } from '../../../src/gateway/http/log.ts';
import { safeId } from '../../../src/gateway/http/wire-headers.ts';
import { keyIn } from '../../../src/gateway/keys/access.ts';
import { faultServer, type Step } from '../../../src/testing/index.ts';
import { startCli } from '../../cli/run-cli.ts';
import { FULL, many } from '../../support/calls.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

const MIB = 2 ** 20;

describe('T20: a reply that is a bomb', () => {
  const BOMBS: Readonly<Record<string, Step>> = {
    'gzip, 200 MiB': { step: 'bomb', bytes: 200 * MIB },
    'br, 200 MiB': { step: 'bomb', bytes: 200 * MIB, encoding: 'br' },
    'a gigabyte': { step: 'huge-body', bytes: 1_024 * MIB },
    'one line of 200 MiB': { step: 'huge-line', bytes: 200 * MIB },
    'a megabyte of headers': { step: 'header-flood', bytes: MIB },
  };

  it('costs the process far less than it holds, and the next call is answered', { timeout: 60_000 }, async () => {
    await using a = await faultServer({ name: 'a', remember: 0 });
    const folder = mkdtempSync(join(tmpdir(), 'lbo-bomb-'));
    const endpoints = [{ name: 'a', apiKey: 'k', baseURL: a.url }];
    const bounds = { maxResponseBytes: 32 * MIB, maxRetries: 0, breaker: false, store: { type: 'memory' } };
    writeFileSync(join(folder, 'load-balanced-openai.json'), JSON.stringify({ endpoints, ...bounds }));
    const { child, over, printed } = startCli(['serve', '--port', '0'], { LOG_LEVEL: 'info' }, folder);
    onTestFinished(() => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    });
    const [, url] = await printed(/"url":"([^"]+)"/);
    const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1_024;
    const ask = async (stream: boolean) => {
      const response = await fetch(`${url}/v1/chat/completions`, chat('gpt-5', { stream }));
      const { length } = await response.text().catch(() => '');
      return { status: response.status, length };
    };
    a.script('ok');
    for (let call = 0; call < 20; call++) expect((await ask(false)).status).toBe(200);
    const before = peak();
    for (const [name, bomb] of Object.entries(BOMBS)) {
      a.script({ repeat: [bomb] });
      const { status, length } = await ask(name.includes('line'));
      // A stream that has begun is broken off.
      expect([name, name.includes('line') ? 502 : status, length < MIB]).toEqual([name, 502, true]);
      expect(peak() - before, name).toBeLessThan(name.startsWith('gzip') ? 128 : 512);
    }
    a.script('ok');
    expect((await ask(false)).status).toBe(200);
    child.kill('SIGTERM');
    expect((await over).code).toBe(0);
  });
});

describe('T21: a line of the log', () => {
  const EVIL = 'gpt\r\n{"level":"error","message":"forged"}\u001b[31m\u2028\u202e\u0000\u009b31m';
  const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

  it.each([true, false])('is one line, whoever wrote what stands in it (readable: %s)', (readable) => {
    const lines: string[] = [];
    const log = new GatewayLog({
      level: 'debug',
      readable,
      write: (line) => void lines.push(line),
      clock: systemClock,
    });
    log.info(EVIL, { model: EVIL, [EVIL]: EVIL, number: 1 });
    log.forClients.warn(EVIL, { more: EVIL });
    expect(lines).toHaveLength(2);
    // JSON escapes the marks of direction by its own rules only as far as they are control characters.
    for (const line of lines) expect(line).not.toMatch(readable ? CONTROL : /[\p{Cc}\u2028\u2029]/u);
    if (!readable) expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['info', 'warn']);
  });

  it('tells of every field of an endpoint and of a caller, and forges none', async () => {
    const lines: string[] = [];
    const body = { error: { message: EVIL, type: EVIL, code: EVIL, param: EVIL } };
    const headers = { 'x-request-id': `req\t1${'x'.repeat(12_000)}`, 'openai-model': 'a\tb', 'retry-after': '\x9b1' };
    await using a = await faultServer({ name: 'a', script: { repeat: [{ status: 500, body, headers }] } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], maxRetries: 0 });
    const asked = { 'content-type': 'application/json', 'user-agent': 'x\u00ff', 'x-session-id': '1\t2' };
    const path = `/v1/files/${encodeURIComponent('\u202e\u009b')}?x=${encodeURIComponent(EVIL)}`;
    for (const [where, init] of [
      ['/v1/chat/completions', chat(EVIL)],
      ['/v1/messages', chat(EVIL, { max_tokens: 1 })],
      [path, {}],
    ] as const) {
      const response = await gateway.get(where, { ...init, headers: asked });
      expect(response.headers.get('x-request-id')?.length ?? 0).toBeLessThanOrEqual(128);
      expect(response.headers.get('x-request-id')).toMatch(/^[\w.:-]+$/);
      await response.text();
    }
    lines.push(...gateway.lines.map((line) => JSON.stringify(line)));
    expect(lines.filter((line) => /"message":"forged"/.test(line))).toEqual([]);
    expect(lines.filter((line) => line.length > 10_000).map((line) => line.slice(0, 200))).toEqual([]);
  });

  it.each(['req\r\nx: y', '\u001b[31m', 'é', ' ', '<script>', 'x'.repeat(1_000), '"', '%0a'])(
    'knows a call by safe letters of %j only',
    (id) => {
      expect(safeId(id) ?? '').toMatch(/^[\w.:-]{0,128}$/);
    },
  );
});

describe('T22: labels', () => {
  it('come from the configuration: a hundred thousand names of models make none', async () => {
    const figures = new Figures();
    const size = () => metricsText({ figures, endpoints: [], pools: [], store: { is: 'well' } }).length;
    figures.done({ model: 'other', status: 404, ms: 1, tokens: undefined } as never);
    await using a = await faultServer({ name: 'a', remember: 0 });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] }, { level: 'off' });
    const page = async (path: string) => (await (await gateway.get(path)).text()).replaceAll(/\d+/g, '0').length;
    const call = async (index: number) => {
      const name = `model-${index}-${Math.imul(index, 2_654_435_761).toString(36)}`;
      await (await gateway.get('/v1/chat/completions', chat(name))).text();
      await (await gateway.get(`/nope/${name}`)).text();
      await (await gateway.get(`/v1/${name}/x?${name}=1`, { headers: { 'user-agent': name } })).text();
    };
    await many(50, 8, call);
    const before = [await page('/metrics'), await page('/stats'), size()];
    await many(FULL ? 100_000 : 700, 8, call);
    const after = [await page('/metrics'), await page('/stats'), size()];
    expect(after[0]).toBeLessThan((before[0] as number) + 200);
    // What an endpoint does not have is known of a bounded number of models.
    expect(after[1]).toBeLessThan((before[1] as number) + 60_000);
    expect(await (await gateway.get('/metrics')).text()).not.toContain('model-');
  });
});

describe('T23: the time it takes', () => {
  /** What the process itself worked for it, in ms; the least of three. */
  const worked = async (work: () => unknown) => {
    let least = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      const from = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(from);
      least = Math.min(least, (user + system) / 1_000);
    }
    return least;
  };
  /** What half a million events may take in any case, in ms: most of it collects garbage. As a square it would be minutes. */
  const MANY_EVENTS = 2_500;
  /** Eight times the input takes about eight times as long; a square would take 64 times. */
  const expectLinear = async (work: (length: number) => unknown, length: number, noise = 100) => {
    await work(length / 8);
    const small = await worked(() => work(length / 8));
    expect(await worked(() => work(length))).toBeLessThan(Math.max(2.5 ** 3 * small, noise));
  };

  it.each(['Bearer ', 'Bearer  ', 'Bearer a ', ' ', 'a', '=', '\t'])('to read a key made of %j', async (piece) => {
    await expectLinear((length) => {
      for (let times = 0; times < 20; times++)
        keyIn({ authorization: `Bearer ${piece.repeat(length / piece.length)}` });
    }, 400_000);
  });

  it.each(['/..', '%2e', '%2f', '//', '/a', '\\', '%', '?a=1&', '&a[]=', '%25'])(
    'to read a path made of %j',
    async (piece) => {
      await expectLinear((length) => {
        try {
          placeOf('GET', `/v1/x${piece.repeat(length / piece.length)}`);
        } catch {
          // Most of them are none.
        }
      }, 200_000);
    },
  );

  it.each(['x', 'data: ', ': ', '\r', '\n', 'data: {}\n\n', '\r\n\r\n', '\u2028', '{"id":"x"', 'event: error\n'])(
    'to hand on a stream made of %j, in large pieces and in small ones',
    async (piece) => {
      await using a = await faultServer({ name: 'a', remember: 0 });
      await using gateway = await gatewayWith(
        { endpoints: [endpointOf(a)], maxRetries: 0, breaker: false },
        { level: 'off' },
      );
      const first = 'data: {"id":"x","choices":[{"index":0,"delta":{"content":"x"}}]}\n\n';
      for (const chunkBytes of [65_536, 64]) {
        const length = (chunkBytes === 64 ? 0.125 : 1) * (FULL ? 4 : 0.5) * MIB;
        await expectLinear(
          async (size) => {
            a.script({ repeat: [{ stream: [first, piece.repeat(Math.ceil(size / piece.length))], chunkBytes }] });
            const response = await gateway.get('/v1/chat/completions', chat('gpt-5', { stream: true }));
            await response.text().catch(() => '');
          },
          length,
          MANY_EVENTS,
        );
      }
    },
  );
});
