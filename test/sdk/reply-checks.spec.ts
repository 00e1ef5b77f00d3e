// Replies of 200 that are no answer: HTML, nothing, an error object, an empty answer. Everything else is handed on.
import { APIConnectionError, APIError } from 'openai';
import { describe, expect, it } from 'vitest';
import { isBadReply } from '../../src/errors.ts';
import { checkReply } from '../../src/sdk/reply-checks.ts';
import { aCall } from '../support/parts.ts';

const HEADERS = new Headers({ 'x-request-id': 'req_1' });
const check = (data: unknown, call: Parameters<typeof aCall>[0] = {}) => checkReply(aCall(call), data, HEADERS);
const thrown = (data: unknown, call: Parameters<typeof aCall>[0] = {}) => {
  try {
    check(data, call);
  } catch (error) {
    return error as Error;
  }
  return expect.unreachable('nothing was thrown');
};

const message = (content: unknown, rest: object = {}) => ({ role: 'assistant', content, refusal: null, ...rest });
const answer = (choice: object) => ({ id: 'chatcmpl-1', object: 'chat.completion', choices: [choice] });

describe('an answer', () => {
  it.each<[string, unknown, Parameters<typeof aCall>[0]]>([
    ['with text', answer({ message: message('hi'), finish_reason: 'stop' }), {}],
    ['without text but with a reason', answer({ message: message(''), finish_reason: 'length' }), {}],
    [
      'with a tool call and no reason',
      answer({ message: message(null, { tool_calls: [{}] }), finish_reason: null }),
      {},
    ],
    ['with a refusal and no reason', answer({ message: message(null, { refusal: 'no' }), finish_reason: null }), {}],
    ['with choices of another shape', answer({ text: 'x' }), {}],
    [
      'of responses, failed',
      { id: 'resp_1', error: { code: 'server_error' }, status: 'failed' },
      { path: '/responses' },
    ],
    ['of responses', { id: 'resp_1', error: null }, { path: '/responses' }],
    ['of embeddings', { object: 'list', data: [] }, { path: '/embeddings' }],
    ['of embeddings, with an error beside', { object: 'list', error: {} }, { path: '/embeddings' }],
    ['of images', { created: 1, data: [] }, { path: '/images/generations' }],
    ['of completions, empty', { choices: [{ text: '', finish_reason: null }] }, { path: '/completions' }],
    ['with an error that is no object', { id: 'x', error: 'none' }, {}],
    ['that is a list', [1, 2], {}],
    ['that is a number', 7, {}],
  ])('%s is handed on, the very same', (_, data, call) => {
    expect(check(data, call)).toBe(data);
  });

  it('of valid JSON under a wrong content type is parsed', () => {
    expect(check('{"id":"x","choices":[]}', { path: '/completions' })).toEqual({ id: 'x', choices: [] });
    expect(check(' [1] ', { path: '/embeddings' })).toEqual([1]);
  });
});

describe('no answer', () => {
  it.each<[string, unknown, Parameters<typeof aCall>[0]]>([
    ['HTML', '<!doctype html><html>', {}],
    ['text', 'Bad gateway', {}],
    ['cut JSON', '{"id":', {}],
    ['JSON that is no object', '"text"', {}],
    ['nothing', undefined, {}],
    ['null', null, {}],
    ['an empty text', '', {}],
    ['no choices at all', { id: 'x', choices: [] }, {}],
    ['an empty text and no reason', answer({ message: message(''), finish_reason: null }), {}],
    [
      'nulls and no reason',
      answer({ message: message(null, { tool_calls: [], audio: null }), finish_reason: null }),
      {},
    ],
    ['an empty text without the field', answer({ message: message('') }), {}],
    ['HTML for responses', '<html>', { path: '/responses' }],
    ...['/completions', '/responses', '/embeddings', '/moderations', '/images/edits'].map(
      (path): [string, unknown, Parameters<typeof aCall>[0]] => [`nothing for ${path}`, undefined, { path }],
    ),
  ])('%s is a bad reply', (_, data, call) => {
    const error = thrown(data, call);
    expect(isBadReply(error)).toBe(true);
    expect(error).toBeInstanceOf(APIConnectionError);
  });

  it('tells nothing of what it was: pages may hold secrets', () => {
    expect(thrown('<html>secret').message).not.toContain('secret');
  });
});

describe('an error object', () => {
  it.each<[string, unknown]>([
    ['instead of an answer', { error: { message: 'boom', code: 'server_error' } }],
    ['in text', '{"error":{"message":"boom","code":"server_error"}}'],
    ['in a choice', answer({ finish_reason: 'error', error: { message: 'boom', code: 'server_error' } })],
  ])('%s is thrown as the SDK would, with its headers', (_, data) => {
    const error = thrown(data) as APIError;
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: undefined, code: 'server_error', requestID: 'req_1' });
    expect(error.message).toContain('boom');
  });

  it('may stand in place of the answer', () => {
    const body = { object: 'error', message: 'boom', type: 'NotFoundError', param: null, code: 404 };
    expect(thrown(body)).toMatchObject({ status: undefined, message: 'boom', code: 404 });
    expect(thrown({ ...body, id: 'x' })).toMatchObject({ message: 'boom' });
  });

  it('may be a mere text', () => {
    expect(thrown({ error: 'Unexpected endpoint' })).toMatchObject({
      status: undefined,
      message: 'Unexpected endpoint',
    });
  });

  it('is made up for a choice that only says error', () => {
    expect(thrown(answer({ finish_reason: 'error' })).message).toContain("finish_reason 'error'");
    expect(thrown(answer({ finish_reason: 'error', error: null })).message).toContain("finish_reason 'error'");
  });
});

describe('other operations', () => {
  it.each([undefined, null])('that read something never get %s: the SDK’s pages would break on it', (data) => {
    expect(() => checkReply(aCall({ path: '/models', method: 'get' }), data, new Headers())).toThrow(
      'The reply is empty',
    );
  });

  it.each<[string, unknown, Parameters<typeof aCall>[0]]>([
    ['nothing, where nothing is returned', undefined, { path: '/files/file-1', method: 'delete' }],
    ['null', null, { path: '/files/file-1', method: 'delete' }],
    ['text', 'plain text', { path: '/files', method: 'get' }],
    ['the content of a file', '<html>mine</html>', { path: '/files/file-1/content', method: 'get' }],
    ['a subtitle', '<html>', { path: '/audio/transcriptions' }],
    ['a page of an unknown path', '<!doctype html>', { path: '/unheard-of' }],
    ['an error object of an object', { error: {} }, { path: '/batches/batch_1', method: 'get' }],
    [
      'a response that was asked for',
      { id: 'resp_1', error: { code: 'x' } },
      { path: '/responses/resp_1', method: 'get' },
    ],
  ])('hand on %s', (_, data, call) => {
    expect(check(data, call)).toBe(data);
  });

  it.each<[string, object, Parameters<typeof aCall>[0]]>([
    ['OpenAI', { error: { message: 'no such key' } }, { path: '/batches/batch_1', method: 'get' }],
    ['OpenAI', { error: { message: 'no such key' } }, { path: '/files' }],
    [
      'Anthropic',
      { type: 'error', error: { type: 'api_error', message: 'x' }, request_id: 'r' },
      { path: '/messages' },
    ],
  ])('take what is an error and nothing else for one, as %s writes it', (_, data, call) => {
    expect(thrown(data, call)).toBeInstanceOf(APIError);
  });

  it('parse JSON under a wrong content type', () => {
    expect(check('{"id":"file-1"}', { path: '/files/file-1', method: 'get' })).toEqual({ id: 'file-1' });
  });

  it.each(['<!DOCTYPE html>', '  <html lang="en">', '<HTML>'])('never take the page %s for what was asked', (page) => {
    expect(isBadReply(thrown(page, { path: '/files', method: 'get' }))).toBe(true);
  });
});
