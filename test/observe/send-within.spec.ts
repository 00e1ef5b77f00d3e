// Observers may choose the context in which an attempt is sent, and nothing else.
import { describe, expect, it, vi } from 'vitest';
import { emitter } from '../../src/observe/emitter.ts';
import type { Observer, SendingFacts } from '../../src/observe/events.ts';
import { sendWithin } from '../../src/observe/send-within.ts';

const facts = (): SendingFacts => ({
  ...{ callId: 'call-1', attempt: 1, endpoint: 'a', type: 'openai', baseURL: 'https://a/v1', model: 'm' },
  ...{ beside: undefined, headers: {} },
});
const hook = (sending: (facts: SendingFacts, send: () => void) => void): Observer =>
  Object.assign(() => undefined, { sending });
const quiet = () => undefined;

describe('an attempt is sent once', () => {
  it.each<[string, Observer['sending']]>([
    ['in the middle of it', (_, send) => send()],
    ['without a call of it', () => undefined],
    ['with many', (_, send) => [send(), send(), send()]],
    ['with one that comes late', (_, send) => queueMicrotask(send)],
    [
      'when it throws before',
      () => {
        throw new Error('mine');
      },
    ],
    [
      'when it throws after',
      (_, send) => {
        send();
        throw new Error('mine');
      },
    ],
  ])('%s', async (_, sending) => {
    const send = vi.fn(async () => 'reply');
    const within = sendWithin([hook(sending as never), hook((_facts, next) => next())], quiet);
    expect(await within?.(facts(), send)).toBe('reply');
    await Promise.resolve();
    expect(send).toHaveBeenCalledTimes(1);
  });
});

it('contexts lie one inside of the other, the first outermost', async () => {
  const order: string[] = [];
  const named = (name: string) =>
    hook((_, send) => {
      order.push(`${name} in`);
      send();
      order.push(`${name} out`);
    });
  await sendWithin([named('a'), named('b')], quiet)?.(facts(), async () => order.push('sent'));
  expect(order).toEqual(['a in', 'b in', 'sent', 'b out', 'a out']);
});

it('who throws is told of; who fails to send is not taken for it', async () => {
  const failed = vi.fn();
  const error = new Error('mine');
  const within = sendWithin(
    [
      hook(() => Promise.reject(error) as never),
      hook(() => {
        throw error;
      }),
    ],
    failed,
  );
  const lost = new Error('the send');
  await expect(
    within?.(facts(), () => {
      throw lost;
    }),
  ).rejects.toBe(lost);
  expect(failed.mock.calls).toContainEqual([error]);
  for (const [each] of failed.mock.calls) expect(each).toBe(error);
});

it('is nothing where nobody has a context', () => {
  expect(sendWithin([], quiet)).toBeUndefined();
  expect(emitter([quiet], quiet).sending).toBeUndefined();
  expect(emitter([quiet, hook(quiet)], quiet).sending).toBeDefined();
});

it('headers that say who asks, where, or what are not taken, nor what is no header', async () => {
  const about = facts();
  const given = {
    ...{ traceparent: '00-a', tracestate: 'v=1', 'x-b3-traceid': 'a' },
    ...{ authorization: 'Bearer x', 'api-key': 'x', 'x-api-key': 'x', cookie: 'x', host: 'x', 'content-length': '0' },
    ...{
      'openai-organization': 'x',
      'bad name': 'x',
      'line\nbreak': 'x',
      split: 'a\r\nb: c',
      Upper: 'x',
      number: 1 as never,
    },
  };
  const within = sendWithin([hook(({ headers }) => void Object.assign(headers, given))], quiet);
  const fitting = { traceparent: '00-a', tracestate: 'v=1', 'x-b3-traceid': 'a' };
  expect(await within?.(about, async (headers) => headers)).toEqual(fitting);
});

it('headers written once it is sent come too late, and those that are put in the place of others are looked at too', async () => {
  const late = hook((about, send) => {
    send();
    about.headers.authorization = 'Bearer x';
  });
  const other = hook((about, send) => {
    about.headers['api-key'] = 'x';
    Object.assign(about, { headers: { traceparent: '00-b' } });
    send();
  });
  const within = sendWithin([late, other], quiet);
  const sent = await within?.(facts(), async (headers) => {
    await Promise.resolve();
    return { ...headers };
  });
  expect(sent).toEqual({ traceparent: '00-b' });
});
