// Error bodies are read within 5 s, 1 s of silence and 1 MiB, whatever the server does.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { boundErrorBody } from '../../src/endpoint/error-body.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const MIB = 1_048_576;
const bytes = (text: string) => new TextEncoder().encode(text);

function body(
  pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>,
  cancel = vi.fn(),
) {
  const response = boundErrorBody(
    new Response(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }), { status: 500 }),
    systemClock,
  );
  return { response, cancel };
}

describe('text()', () => {
  it.each(['', '{"error":{"message":"x"}}', '€'.repeat(10_000)])('is what the server sent: %#', async (text) => {
    expect(await boundErrorBody(new Response(text, { status: 500 }), systemClock).text()).toBe(text);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is empty without a body', async () => {
    expect(await boundErrorBody(new Response(null, { status: 500 }), systemClock).text()).toBe('');
  });

  it('of a reply of another library is what it says itself, and waited for 5 s', async () => {
    const foreign = (text: () => Promise<string>) =>
      boundErrorBody({ status: 500, body: undefined, text } as unknown as Response, systemClock).text();
    expect(await foreign(async () => 'oops')).toBe('oops');
    expect(await foreign(async () => '['.repeat(600))).toBe('');
    expect(vi.getTimerCount()).toBe(0);
    let said: string | undefined;
    void foreign(() => new Promise(() => undefined)).then((text) => {
      said = text;
    });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(said).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(said).toBe('');
  });

  it('puts characters cut between two pieces together', async () => {
    const pieces = [bytes('€').slice(0, 1), bytes('€').slice(1)];
    const { response } = body((controller) => {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.close();
    });
    expect(await response.text()).toBe('€');
  });

  it.each([
    ['1 s when the body never comes', 1_000, 0],
    ['1 s of silence when the body stalls', 2_400, 3],
    ['5 s when the body drips', 5_000, 100],
  ])('is given up after %s, and says nothing', async (_, ms, drops) => {
    let left = drops;
    const { response, cancel } = body(async (controller) => {
      if (left-- > 0) controller.enqueue(bytes('{'));
      await new Promise((resolve) => setTimeout(resolve, left >= 0 ? 700 : 1e9));
    });
    const text = response.text();
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(cancel).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await text).toBe('');
    expect(cancel).toHaveBeenCalledOnce();
  });

  it('stops at 1 MiB and closes the connection', async () => {
    const chunk = new Uint8Array(100_000).fill(97);
    const { response, cancel } = body((controller) => controller.enqueue(chunk));
    const text = await response.text();
    expect(text.length).toBeGreaterThanOrEqual(MIB);
    expect(text.length).toBeLessThan(MIB + chunk.length);
    expect([cancel.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('rejects as the transfer does, without leaving a timer', async () => {
    const { response } = body((controller) => controller.error(new TypeError('terminated')));
    await expect(response.text()).rejects.toThrow('terminated');
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('leaves the response itself as it is', () => {
  const response = new Response('x', { status: 500, headers: { a: 'b' } });
  expect(boundErrorBody(response, systemClock)).toBe(response);
  expect([response.status, response.headers.get('a'), Object.keys(response)]).toEqual([500, 'b', []]);
});
