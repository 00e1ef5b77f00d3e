// The one-line helper tells the truth: about what it was asked, and by failing.
import { describe, expect, it } from 'vitest';
import { scenario } from '../support/scenario.ts';

describe('scenario', () => {
  it('tells who served, after which attempts', async () => {
    await scenario()
      .endpoints({ a: [503], b: [200] })
      .call('gpt-5')
      .expect({
        ...{ served: 'b', attempts: ['a', 'b'], calls: { a: 1, b: 1 }, error: null, text: 'Hello from b.' },
        events: ['call-start', 'failover-start', 'call-end'],
      });
  });

  it('reads streams to their end', async () => {
    const outcome = await scenario()
      .endpoints({ a: ['sse-error'], b: [{ stream: 3 }] })
      .call('gpt-5', { stream: true })
      .expect({
        served: 'b',
        attempts: ['a', 'b'],
        text: 'b-0 b-1 b-2 ',
      });
    expect((outcome.result as unknown[]).length).toBeGreaterThanOrEqual(4);
  });

  it('reports errors, and text up to them', async () => {
    await scenario()
      .endpoints({ a: 400 })
      .call('gpt-5')
      .expect({
        ...{
          served: null,
          attempts: ['a'],
          verdicts: ['caller-error'],
          error: { status: 400, name: 'BadRequestError' },
        },
      });
    const cut = await scenario()
      .endpoints({ a: [{ stream: 5, cutAfter: 2 }], b: [] })
      .call('gpt-5', { stream: true })
      .expect({ served: null, text: 'a-0 a-1 ', calls: { a: 1, b: 0 } });
    expect(cut.error).toBeInstanceOf(Error);
  });

  it('does other things, with options, and lets look before it closes', async () => {
    let open = -1;
    await scenario()
      .endpoints({ a: { script: [500], server: { latency: 1 }, modelMap: { 'gpt-5': 'mini' } }, b: [] })
      .options({ strategy: 'round-robin', maxRetries: 0 })
      .call('gpt-5')
      .does(({ client }) => client.embeddings.create({ model: 'gpt-5', input: 'x' }))
      .expect({ calls: { a: 1, b: 2 }, breakers: { b: 'closed' }, withinMs: 1_000 }, ({ servers }) => {
        open = servers.b?.open ?? -1;
        expect(servers.a?.requests[0]?.model).toBe('mini');
      });
    expect(open).toBeGreaterThan(0);
  });

  it('fails when what came is not what was expected, and without a call', async () => {
    const wrong = scenario().endpoints({ a: [], b: [] }).call('gpt-5').expect({ served: 'b' });
    await expect(wrong).rejects.toThrow(/expected { served: 'a' } to deeply equal { served: 'b' }/);
    const late = scenario()
      .endpoints({ a: [{ step: 'ok', delay: 30 }] })
      .call('gpt-5')
      .expect({ withinMs: 1 });
    await expect(late).rejects.toThrow();
    await expect(scenario().expect({})).rejects.toThrow('makes no call');
  });
});
