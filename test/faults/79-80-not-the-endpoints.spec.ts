// Rows 79 and 80: what the application itself breaks, and what nobody but the operator of the upstream can see.
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { chat, chatStream, failure, read, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { row } from './row.ts';

const boom = () => {
  throw new Error('boom');
};

const LOGGER = { error: boom, warn: boom, info: boom, debug: boom };

/** A logger that keeps the library's own warnings. */
function warnings() {
  const lines: string[] = [];
  const warn = (line: string) => void (line.startsWith('[load-balanced-openai]') && lines.push(line));
  return {
    lines,
    options: { logger: { ...LOGGER, error: warn, warn, info: () => undefined, debug: () => undefined } },
  };
}

row(79, 'a callback of the application throws or rejects', 'the call goes on; reported once', () => {
  const options: Record<string, object> = {
    'an observer': { observers: [boom] },
    'an observer that rejects': { observers: [async () => boom()] },
    'a strategy': { strategy: { pick: boom } },
    classify: { classify: boom },
    'breaker.errorFilter': { breaker: { errorFilter: boom } },
    'a logger at every level': { logger: LOGGER, logLevel: 'debug' },
  };
  it.each(Object.keys(options))('%s: no call is lost, and nobody is blamed for it', async (which) => {
    await using stage = await openStage({ a: { repeat: [500, 'ok'] }, b: [] }, options[which]);
    for (let call = 0; call < 6; call++) {
      await chat(stage.client);
      expect((await read(await chatStream(stage.client))).error).toBeUndefined();
    }
    expect(stage.state('b')).toMatchObject({ inFlight: 0, failures: 0, breaker: 'closed' });
  });

  it('a listener of events: the others still hear, and it is said once', async () => {
    const log = warnings();
    await using stage = await openStage({ a: [] }, { ...log.options, logLevel: 'warn' });
    const heard: string[] = [];
    stage.client.balancer.on('call-end', boom).on('call-end', ({ type }) => heard.push(type));
    for (let call = 0; call < 5; call++) await chat(stage.client);
    expect([heard.length, log.lines]).toEqual([5, ['[load-balanced-openai] an event listener threw: boom']]);
  });

  it('a key function: the endpoint takes no blame, and another one serves', async () => {
    await using stage = await openStage({ a: [], b: [] });
    const { servers, client } = stage;
    await client.balancer.drain('a');
    client.balancer.add({ name: 'keyless', baseURL: servers.a.url, apiKey: async () => boom(), priority: -1 });
    const answer = await chat(client);
    expect(servedBy(answer)).toBe('b');
    expect(attemptsOf(answer).map(({ endpoint }) => endpoint)).toEqual(['keyless', 'b']);
    expect(servers.a.calls).toBe(0);
    const keyless = client.balancer.snapshot().endpoints.find(({ name }) => name === 'keyless');
    expect(keyless).toMatchObject({ breaker: 'closed', inFlight: 0 });
  });
});

row(
  80,
  'an upstream answers with somebody else’s answer',
  'cannot be seen from here; every request id is passed on',
  () => {
    it('answers and errors carry the x-request-id of the attempt they came from, for an audit', async () => {
      await using stage = await openStage({ a: [503, 400], b: [] });
      const { response, request_id } = await chat(stage.client).withResponse();
      expect(request_id).toBe('req_b_1');
      expect(response.headers.get('x-request-id')).toBe('req_b_1');
      stage.servers.a.script([400]);
      const { balancer } = stage.client;
      expect((await failure(chat(balancer.pin('a')))).requestID).toBe('req_a_2');
    });
  },
);
