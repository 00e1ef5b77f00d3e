// What the events of each kind of stream mean: preamble, content, an end, a bad end.
import { describe, expect, it } from 'vitest';
import { type EventMeaning, meaningOf } from '../../src/call/stream-events.ts';

const choice = (delta: object, rest: object = {}) => ({ choices: [{ index: 0, delta, finish_reason: null, ...rest }] });
type Row = [string, unknown, EventMeaning];

describe('chat', () => {
  it.each<Row>([
    ['a role alone', choice({ role: 'assistant', content: '' }), 'preamble'],
    ['a role with nulls', choice({ role: 'assistant', content: null, refusal: null }), 'preamble'],
    ['an empty delta', choice({}), 'preamble'],
    ['no delta', { choices: [{ index: 0 }] }, 'preamble'],
    ['no choices yet (usage, content filter results)', { choices: [], usage: { total_tokens: 1 } }, 'preamble'],
    ['empty lists', choice({ tool_calls: [], reasoning_details: [] }), 'preamble'],
    ['text', choice({ content: 'a' }), 'content'],
    ['a blank', choice({ content: ' ' }), 'content'],
    ['a refusal', choice({ refusal: 'no' }), 'content'],
    ['a tool call', choice({ tool_calls: [{ index: 0 }] }), 'content'],
    ['a function call', choice({ function_call: { name: 'f' } }), 'content'],
    ['audio', choice({ audio: { id: 'audio_1' } }), 'content'],
    ['reasoning text', choice({ reasoning: 'hm' }), 'content'],
    ['reasoning content', choice({ reasoning_content: 'hm' }), 'content'],
    ['reasoning details', choice({ reasoning_details: [{ type: 'x' }] }), 'content'],
    ['text of the second choice', { choices: [{ delta: {} }, { delta: { content: 'a' } }] }, 'content'],
    ['finish_reason stop', choice({}, { finish_reason: 'stop' }), 'end'],
    ['finish_reason length with text', choice({ content: 'a' }, { finish_reason: 'length' }), 'end'],
    ['the end of the second choice', { choices: [{ delta: { content: 'a' } }, { finish_reason: 'stop' }] }, 'end'],
    ['finish_reason error', choice({}, { finish_reason: 'error' }), 'bad'],
    [
      'finish_reason error beside a good end',
      { choices: [{ finish_reason: 'stop' }, { finish_reason: 'error' }] },
      'bad',
    ],
    ['an empty finish_reason', choice({}, { finish_reason: '' }), 'preamble'],
    ['a null among the choices', { choices: [null] }, 'preamble'],
    ['another shape', { object: 'ping' }, 'content'],
    ['an error of an older server', { object: 'error', message: 'x', code: 400 }, 'bad'],
    ['an error in a list', [{ error: { code: 503 } }], 'bad'],
    ['another list', [{ x: 1 }], 'content'],
    ['an empty list', [], 'content'],
    ['choices that are no list', { choices: {} }, 'content'],
  ])('%s', (_, event, meaning) => {
    expect(meaningOf('chat', event)).toBe(meaning);
  });
});

describe('completions', () => {
  it.each<Row>([
    ['no text yet', { choices: [{ text: '' }] }, 'preamble'],
    ['no choices', { choices: [] }, 'preamble'],
    ['text', { choices: [{ text: 'a' }] }, 'content'],
    ['an end', { choices: [{ text: 'a', finish_reason: 'stop' }] }, 'end'],
    ['finish_reason error', { choices: [{ text: '', finish_reason: 'error' }] }, 'bad'],
    ['another shape', { text: 'a' }, 'content'],
    ['an error of an older server', { object: 'error', message: 'x', code: 400 }, 'bad'],
    ['a null among the choices', { choices: [null] }, 'preamble'],
  ])('%s', (_, event, meaning) => {
    expect(meaningOf('completions', event)).toBe(meaning);
  });
});

describe('responses', () => {
  const item = (type: string) => ({ type: 'response.output_item.added', item: { type } });
  it.each<Row>([
    ['response.created', { type: 'response.created' }, 'preamble'],
    ['response.in_progress', { type: 'response.in_progress' }, 'preamble'],
    ['response.queued', { type: 'response.queued' }, 'preamble'],
    ['keepalive', { type: 'keepalive' }, 'preamble'],
    ['ping', { type: 'ping' }, 'preamble'],
    ['a bare reasoning item', item('reasoning'), 'preamble'],
    ['a message item', item('message'), 'content'],
    ['a tool call item', item('function_call'), 'content'],
    ['a text delta', { type: 'response.output_text.delta', delta: 'a' }, 'content'],
    ['a reasoning delta', { type: 'response.reasoning_summary_text.delta', delta: 'a' }, 'content'],
    ['an audio delta', { type: 'response.audio.delta', delta: 'AAA' }, 'content'],
    ['response.completed', { type: 'response.completed' }, 'end'],
    ['response.incomplete', { type: 'response.incomplete' }, 'end'],
    ['response.failed', { type: 'response.failed' }, 'end'],
    ['response.cancelled', { type: 'response.cancelled' }, 'end'],
    ['an error event', { type: 'error', code: 'server_error', message: 'x' }, 'bad'],
    ['an unknown type', { type: 'response.new_thing' }, 'content'],
    ['no type', {}, 'content'],
    ['an item without a body', { type: 'response.output_item.added' }, 'content'],
    ['a reasoning item that is done', { type: 'response.output_item.done', item: { type: 'reasoning' } }, 'content'],
  ])('%s', (_, event, meaning) => {
    expect(meaningOf('responses', event)).toBe(meaning);
  });
});

describe('messages of Anthropic’s API', () => {
  const block = (type: string) => ({ type: 'content_block_start', index: 0, content_block: { type } });
  it.each<Row>([
    ['message_start', { type: 'message_start', message: { content: [] } }, 'preamble'],
    ['ping', { type: 'ping' }, 'preamble'],
    ['a block of text that begins', block('text'), 'preamble'],
    ['a block of thoughts that begins', block('thinking'), 'preamble'],
    ['a block of a tool that begins', block('tool_use'), 'content'],
    ['a block without a kind', { type: 'content_block_start' }, 'content'],
    ['a delta', { type: 'content_block_delta', delta: { type: 'text_delta', text: 'a' } }, 'content'],
    ['a block that ends', { type: 'content_block_stop', index: 0 }, 'preamble'],
    ['the usage', { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: {} }, 'preamble'],
    ['message_stop', { type: 'message_stop' }, 'end'],
    ['an error', { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'bad'],
    ['an unknown type', { type: 'new_thing' }, 'content'],
  ])('%s', (_, event, meaning) => {
    expect(meaningOf('messages', event)).toBe(meaning);
  });
});

describe('assistants', () => {
  it.each<Row>([
    ...['created', 'queued', 'in_progress', 'step.delta', 'cancelling'].map(
      (state): Row => [`thread.run.${state}`, { event: `thread.run.${state}`, data: {} }, 'content'],
    ),
    ['thread.created', { event: 'thread.created' }, 'content'],
    ...['completed', 'incomplete', 'failed', 'cancelled', 'expired', 'requires_action'].map(
      (state): Row => [`thread.run.${state}`, { event: `thread.run.${state}`, data: {} }, 'end'],
    ),
    ['done', { event: 'done', data: '[DONE]' }, 'end'],
  ])('%s: a run exists from its first event on', (_, event, meaning) => {
    expect(meaningOf('assistants', event)).toBe(meaning);
  });
});

describe('images, speech, transcripts', () => {
  it.each<Row>([
    ['a partial image', { type: 'image_generation.partial_image' }, 'content'],
    ['an image', { type: 'image_generation.completed' }, 'end'],
    ['an edited image', { type: 'image_edit.completed' }, 'end'],
    ['speech', { type: 'speech.audio.delta' }, 'content'],
    ['the end of speech', { type: 'speech.audio.done' }, 'end'],
    ['a transcript', { type: 'transcript.text.delta' }, 'content'],
    ['the end of a transcript', { type: 'transcript.text.done' }, 'end'],
    ['another shape', { done: true }, 'content'],
    ['a name that only holds the word', { type: 'image.completed_part' }, 'content'],
  ])('%s', (_, event, meaning) => {
    expect(meaningOf('media', event)).toBe(meaning);
  });
});

it.each(['chat', 'completions', 'responses', 'assistants', 'media', 'other'] as const)(
  'an event of %s that is no object is content',
  (kind) => {
    for (const event of ['text', 7, null, undefined, true]) expect(meaningOf(kind, event)).toBe('content');
  },
);

it('everything in a stream of a kind not known is content', () => {
  for (const event of [{}, { type: 'response.created' }, choice({}), { event: 'done' }])
    expect(meaningOf('other', event)).toBe('content');
});
