// Row 53: endpoints are reached through a proxy (HTTP_PROXY, as Node 24 understands it), and the proxy is the fault.
import { expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { runChild } from '../support/child.ts';
import { connectProxy } from '../support/connect-proxy.ts';
import { sinceNode } from '../support/node.ts';
import { scenario } from '../support/scenario.ts';
import type { Act, Seen } from './children/calls.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

const CHILD = new URL('./children/calls.ts', import.meta.url);
const proxied = sinceNode(24);
const through = (url: string, acts: readonly Act[]) =>
  runChild<Seen[]>(CHILD, acts, 60_000, {
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    NO_PROXY: '127.0.0.1',
  });
/** An endpoint behind the proxy. */
const behind = (name: string, host = `${name}.example`, scheme = 'http') => ({
  name,
  apiKey: `key-${name}-canary`,
  baseURL: `${scheme}://${host}/v1`,
});
const quiet = (name: string) => ({ name, breaker: 'closed', failures: 0, cooldowns: [], excluded: null });

row(
  53,
  'the proxy is down or refuses (407)',
  'nobody’s fault: neutral; an endpoint reached another way answers',
  () => {
    proxied('the proxy is down: all are tried at once, and the error names the proxy; nobody is ejected', async () => {
      await using server = await faultServer({ name: 'direct' });
      const proxy = await connectProxy({}, server.port);
      await proxy[Symbol.asyncDispose]();
      const all = [behind('a'), behind('b', 'b.example', 'https')];
      const direct = { name: 'direct', apiKey: 'key-direct', baseURL: server.url };
      const [alone, helped] = (await through(proxy.url, [
        { options: { endpoints: all, maxRetries: 0 }, calls: 20 },
        { options: { endpoints: [...all, direct] }, calls: 1 },
      ])) as [Seen, Seen];
      for (const { attempts, error, name, ms } of alone.calls) {
        expect(attempts).toEqual(['a connect-failed', 'b connect-failed']);
        expect(name).toBe('APIConnectionError');
        expect(error).toContain(`ECONNREFUSED 127.0.0.1:${proxy.port}`);
        expect(error).not.toMatch(/canary/);
        expect(ms).toBeLessThan(100);
      }
      expect(alone.endpoints).toEqual(['a', 'b'].map(quiet));
      expect(helped.calls[0]?.attempts).toEqual(['a connect-failed', 'b connect-failed', 'direct ok']);
      expect(server.calls).toBe(1);
    });

    proxied(
      '407 to the tunnel: the same; with retries the call is answered once the proxy lets it through',
      async () => {
        await using server = await faultServer();
        const never = Array.from({ length: 100 }, () => 407);
        await using proxy = await connectProxy(
          { 'a.example': never, 'b.example': never, 'c.example': [407] },
          server.port,
        );
        const [refused, back] = (await through(proxy.url, [
          { options: { endpoints: [behind('a'), behind('b', 'b.example', 'https')], maxRetries: 0 }, calls: 10 },
          { options: { endpoints: [behind('c')] }, calls: 1 },
        ])) as [Seen, Seen];
        for (const { attempts, error, name } of refused.calls) {
          expect(attempts).toEqual(['a connect-failed', 'b connect-failed']);
          expect(name).toBe('APIConnectionError');
          expect(error).toContain('Proxy response (407)');
          expect(error).not.toMatch(/canary/);
        }
        expect(refused.endpoints).toEqual(['a', 'b'].map(quiet));
        expect(back.calls).toMatchObject([{ attempts: ['c connect-failed', 'c ok'], error: null }]);
        expect(proxy.asked).toEqual({ 'a.example': 10, 'b.example': 10, 'c.example': 2 });
        expect(server.calls).toBe(1);
      },
    );

    proxied(
      'a host that the proxy cannot reach is the endpoint’s fault: even an upload moves, five eject it',
      async () => {
        await using server = await faultServer({ name: 'b' });
        await using proxy = await connectProxy({ 'a.example': Array.from({ length: 100 }, () => 502) }, server.port);
        const endpoints = [behind('a'), behind('b')];
        const [chats, uploads] = (await through(proxy.url, [
          { options: { endpoints, shareState: false }, calls: 7 },
          { options: { endpoints, shareState: false }, calls: 1, upload: true },
        ])) as [Seen, Seen];
        const moved = ['a connect-failed', 'b ok'];
        expect(chats.calls.map(({ attempts }) => attempts)).toEqual([
          moved,
          moved,
          moved,
          moved,
          moved,
          ['b ok'],
          ['b ok'],
        ]);
        expect(chats.endpoints).toMatchObject([{ breaker: 'open', failures: 5 }, quiet('b')]);
        expect(uploads.calls.map(({ attempts }) => attempts)).toEqual([moved]);
        expect(server.calls).toBe(8);
      },
    );

    it('a reply of 407, shown or hidden by fetch: the next endpoint may be reached another way', async () => {
      const shown = () => Promise.resolve(Response.json({ error: { message: 'who are you' } }, { status: 407 }));
      for (const a of [{ script: 407 }, { script: 407, fetch: shown }]) {
        await scenario()
          .endpoints({ a, b: [] })
          .call('gpt-5')
          .expect({ served: 'b', verdicts: ['connect-failed', 'ok'] }, ({ state }) =>
            expect(state('a')).toMatchObject({ failures: 0, cooldowns: [], excluded: null, breaker: 'closed' }),
          );
      }
      await scenario()
        .endpoints({ a: 407 })
        .options({ maxRetries: 0 })
        .call('gpt-5')
        .expect({ served: null, error: { name: 'APIConnectionError' }, calls: { a: 1 } }, saying());
      await scenario()
        .endpoints({ a: { script: 407, fetch: shown } })
        .call('gpt-5')
        .expect({ served: null, attempts: ['a'], error: { status: 407 } }, saying('who are you'));
    });
  },
);
