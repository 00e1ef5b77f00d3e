// From the SDK's request options to a call.
import { describe, expect, it } from 'vitest';
import { unsteered } from '../../src/call/steering.ts';
import { foreignOriginError } from '../../src/errors.ts';
import { type CallDefaults, callOf, foreignOrigin, PAGE_ENDPOINT, type RequestOptions } from '../../src/sdk/call-of.ts';
import { manualClock } from '../../src/testing/index.ts';
import { poolSettings } from '../support/parts.ts';

const clock = manualClock();
const of = (
  options: Partial<RequestOptions> = {},
  {
    replay = 'free',
    maxAttempts,
    ...defaults
  }: Partial<CallDefaults> & { replay?: 'free' | 'once'; maxAttempts?: number } = {},
) =>
  callOf(
    { method: 'post', path: '/chat/completions', body: { model: 'gpt-5' }, ...options } as RequestOptions,
    replay,
    { timeout: 600_000, maxRetries: 2, steering: unsteered, ...defaults },
    poolSettings(clock, { maxAttempts }),
    clock,
  );

describe('callOf', () => {
  it('describes what is asked for', () => {
    expect(of()).toMatchObject({
      operation: { name: 'chat' },
      method: 'post',
      model: 'gpt-5',
      stream: false,
      replay: 'free',
      ownerIds: [],
      pin: undefined,
      maxRetries: 2,
      maxAttempts: 3,
      startedAt: 0,
      deadline: 600_000,
      clientTimeout: 600_000,
      signal: undefined,
    });
  });

  it('gives each call a name of its own', () => {
    expect(new Set([of().id, of().id, of().id]).size).toBe(3);
  });

  it('counts its time by the monotonic clock', async () => {
    const own = manualClock();
    await own.advance(5_000);
    own.jump(-1e9);
    const call = callOf(
      { method: 'get', path: '/models' } as RequestOptions,
      'free',
      { timeout: 1_000, maxRetries: 0, steering: unsteered },
      poolSettings(own),
      own,
    );
    expect([call.startedAt, call.deadline]).toEqual([5_000, 6_000]);
  });

  it.each<[string, Partial<RequestOptions>, number]>([
    ['the call’s own timeout', { timeout: 250 }, 250],
    ['the client’s', {}, 600_000],
    ['the client’s for nonsense', { timeout: Number.NaN }, 600_000],
    ['the client’s for less than nothing', { timeout: -1 }, 600_000],
    ['the client’s for infinity', { timeout: Number.POSITIVE_INFINITY }, 600_000],
  ])('ends by %s', (_, options, ms) => {
    expect(of(options).deadline).toBe(ms);
  });

  it.each<[Partial<RequestOptions>, number, number]>([
    [{}, 2, 3],
    [{ maxRetries: 0 }, 0, 3],
    [{ maxRetries: 5 }, 5, 6],
    [{ maxRetries: 1.9 }, 1, 3],
    [{ maxRetries: -3 }, 0, 3],
  ])('%j: %d waits, %d attempts', (options, maxRetries, maxAttempts) => {
    expect(of(options)).toMatchObject({ maxRetries, maxAttempts });
  });

  it('makes as many attempts as the pool allows', () => {
    expect(of({ maxRetries: 9 }, { maxAttempts: 1 }).maxAttempts).toBe(1);
  });

  it.each<[string, Partial<RequestOptions>, 'free' | 'once', string]>([
    ['a chat', {}, 'free', 'free'],
    ['a file', { path: '/files' }, 'free', 'create'],
    ['a thread', { path: '/threads' }, 'free', 'create'],
    ['a response', { path: '/responses', body: { model: 'x' } }, 'free', 'free'],
    ['a stored response', { path: '/responses', body: { store: true } }, 'free', 'free'],
    ['a background response', { path: '/responses', body: { background: true } }, 'free', 'create'],
    ['a response that says no background', { path: '/responses', body: { background: false } }, 'free', 'free'],
    ['a chat with such a field', { body: { background: true } }, 'free', 'free'],
    ['a list', { path: '/files', method: 'get', body: undefined }, 'free', 'free'],
    ['what can be read once', { path: '/files' }, 'once', 'once'],
  ])('may send %s again: %#', (_, options, given, replay) => {
    expect(of(options, { replay: given }).replay).toBe(replay);
  });

  it.each<[string, Partial<RequestOptions>, boolean]>([
    ['by the option', { stream: true }, true],
    ['by the body', { body: { stream: true } }, true],
    ['by neither', { body: { stream: false } }, false],
    ['by something else', { body: { stream: 'yes' } }, false],
  ])('knows a stream %s', (_, options, stream) => {
    expect(of(options).stream).toBe(stream);
  });

  it.each<[string, Partial<RequestOptions>, string[]]>([
    ['the path', { path: '/files/file-1', method: 'get', body: undefined }, ['file-1']],
    ['the body', { path: '/responses', body: { previous_response_id: 'resp_1' } }, ['resp_1']],
    ['both', { path: '/vector_stores/vs_1/files', body: { file_id: 'file-1' } }, ['vs_1', 'file-1']],
    ['neither', { path: '/embeddings', body: { input: 'file-1' } }, []],
  ])('finds ids in %s', (_, options, ids) => {
    expect(of(options).ownerIds.map(({ id }) => id)).toEqual(ids);
  });

  it('is pinned by the client, or by the page it goes on from', () => {
    const pinned = { steering: { endpoint: 'b', tags: [] } };
    expect(of({}, pinned).pin).toBe('b');
    expect(of({ __metadata: { [PAGE_ENDPOINT]: 'c' } } as Partial<RequestOptions>, pinned).pin).toBe('c');
    expect(of({ __metadata: { [PAGE_ENDPOINT]: 7 } } as Partial<RequestOptions>).pin).toBeUndefined();
  });

  it('is steered by the client, and matters as much as others where nothing is said', () => {
    expect(of()).toMatchObject({ tags: [], session: undefined, importance: 'normal' });
    const steering = { tags: ['eu'], session: 'user-1', importance: 'low' as const };
    expect(of({}, { steering })).toMatchObject(steering);
  });

  it('takes the model from the metadata of an upload', () => {
    expect(of({ body: new FormData(), __metadata: { model: 'whisper-1' } } as Partial<RequestOptions>).model).toBe(
      'whisper-1',
    );
    expect(of({ path: '/files', method: 'get', body: undefined }).model).toBeUndefined();
  });

  it('listens to the caller’s signal', () => {
    const { signal } = new AbortController();
    expect([of({ signal }).signal, of({ signal: null }).signal]).toEqual([signal, undefined]);
  });
});

describe('foreignOrigin', () => {
  it.each<[string, string | undefined]>([
    ['/chat/completions', undefined],
    ['files', undefined],
    ['', undefined],
    ['/x?u=https://evil.example', undefined],
    ['https://evil.example/v1', 'https://evil.example'],
    ['HTTPS://Evil.example', 'https://evil.example'],
    ['http://127.0.0.1:1/x', 'http://127.0.0.1:1'],
    ['//evil.example/x', 'https://evil.example'],
    ['//', 'an unknown host'],
    ['https://', 'an unknown host'],
    ['javascript:alert(1)', 'null'],
  ])('%s leads to %s', (path, origin) => {
    expect(foreignOrigin(path)).toBe(origin);
  });

  it('is refused by name, without a path that might hold a secret', () => {
    expect(foreignOriginError('https://evil.example').message).toContain('https://evil.example');
  });
});
