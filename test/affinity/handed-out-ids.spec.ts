// Ids that endpoints hand out: in objects, pages, events and headers.
import { describe, expect, it } from 'vitest';
import { finderFor, idsInAnswer, idsInHeaders, idsInReply } from '../../src/affinity/handed-out-ids.ts';
import { opaqueKey } from '../../src/affinity/opaque.ts';
import { operationOf } from '../../src/call/operations.ts';

const encrypted = 'gAAAAABo'.repeat(40);

describe('idsInReply', () => {
  it.each<[string, unknown, string[]]>([
    ['an object', { id: 'file-1', object: 'file' }, ['file-1']],
    ['a run', { id: 'run_1', thread_id: 'thread_1' }, ['run_1', 'thread_1']],
    [
      'a batch that is over',
      { id: 'batch_1', output_file_id: 'file-1', error_file_id: 'file-2' },
      ['batch_1', 'file-1', 'file-2'],
    ],
    ['a fine-tuned model', { id: 'ftjob-1', fine_tuned_model: 'ft:gpt-4o:o::1' }, ['ftjob-1', 'ft:gpt-4o:o::1']],
    ['an upload that is complete', { id: 'upload_1', file: { id: 'file-1' } }, ['upload_1', 'file-1']],
    ['an event of a response', { type: 'response.created', response: { id: 'resp_1' } }, ['resp_1']],
    ['a response in a conversation', { id: 'resp_1', conversation: { id: 'conv_1' } }, ['resp_1', 'conv_1']],
    ['a page', { object: 'list', data: [{ id: 'file-1' }, { id: 'file-2' }] }, ['file-1', 'file-2']],
    [
      'the output of a response',
      { id: 'resp_1', output: [{ id: 'msg_1' }, { id: 'rs_1' }] },
      ['resp_1', 'msg_1', 'rs_1'],
    ],
    [
      'the output in an event',
      { type: 'response.completed', response: { id: 'resp_1', output: [{ id: 'msg_1' }] } },
      ['resp_1', 'msg_1'],
    ],
    ['a batch without files', { id: 'batch_1', output_file_id: null }, ['batch_1']],
    ['a complete upload', { id: 'upload_1', file: { id: 'file-1', object: 'file' } }, ['upload_1', 'file-1']],
    ['files of results', { id: 'ftjob-1', result_files: ['file-1', 'file-2'] }, ['ftjob-1', 'file-1', 'file-2']],
    [
      'a checkpoint',
      { data: [{ id: 'ckpt_1', fine_tuned_model_checkpoint: 'ft:m:o::1:c' }] },
      ['ckpt_1', 'ft:m:o::1:c'],
    ],
    [
      'a container that was made on the way',
      { id: 'resp_1', output: [{ type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1' }] },
      ['resp_1', 'ci_1', 'cntr_1'],
    ],
    [
      'a file made there',
      {
        id: 'resp_1',
        output: [{ id: 'msg_1', content: [{ annotations: [{ container_id: 'cntr_1', file_id: 'cfile_1' }] }] }],
      },
      ['resp_1', 'msg_1', 'cntr_1', 'cfile_1'],
    ],
    [
      'a store made with a thread',
      { id: 'thread_1', tool_resources: { file_search: { vector_store_ids: ['vs_1'] }, code_interpreter: null } },
      ['thread_1', 'vs_1'],
    ],
    [
      'an event of a thread',
      { event: 'thread.run.created', data: { id: 'run_1', thread_id: 'thread_1' } },
      ['run_1', 'thread_1'],
    ],
    [
      'an event of a session',
      { type: 'agent.session.created', session: { id: 's_1', environment: { id: 'env_1' } } },
      ['s_1', 'env_1'],
    ],
    ['a turn', { type: 'agent.session.turn.created', session_id: 's_1', turn: { id: 'turn_1' } }, ['s_1', 'turn_1']],
    ['the session of an invocation', { id: 'inv_1', session_id: 's_1' }, ['inv_1', 's_1']],
    ['a fork', { session: { id: 'live_2' } }, ['live_2']],
    [
      'encrypted reasoning',
      { id: 'resp_1', output: [{ type: 'reasoning', id: 'rs_1', encrypted_content: encrypted }] },
      ['resp_1', 'rs_1', opaqueKey(encrypted)],
    ],
    [
      'encrypted reasoning of an event',
      { type: 'response.output_item.done', item: { id: 'rs_1', encrypted_content: encrypted } },
      ['rs_1', opaqueKey(encrypted)],
    ],
    ['what has only begun', { type: 'response.output_item.added', item: { id: 'rs_1', encrypted_content: 'gA' } }, []],
    ['a delta', { type: 'response.output_text.delta', item_id: 'msg_1', delta: 'x', id: 'x' }, []],
    [
      'a delta of a thread',
      { event: 'thread.message.delta', data: { id: 'msg_1', object: 'thread.message.delta' } },
      [],
    ],
    ['what the caller made up', { metadata: { id: 'x', file_id: 'x' }, tools: [{ id: 'x' }], usage: { id: 'x' } }, []],
    ['empty ones', { id: '', thread_id: '' }, []],
    ['nothing', {}, []],
    ['null', null, []],
    ['text', 'file-1', []],
    ['odd pages', { data: [null, 7, 'x', {}, { id: 9 }] }, []],
    ['odd objects', { id: 5, response: null, file: 'x', conversation: { id: 1 } }, []],
  ])('finds %s', (_, data, ids) => {
    expect(idsInReply(data)).toEqual(ids);
  });
});

it.each<[string, unknown, string[]]>([
  ['audio to go on from', { choices: [{ message: { audio: { id: 'audio_1', data: 'x' } } }] }, ['audio_1']],
  ['audio of a chunk', { choices: [{ delta: { audio: { id: 'audio_1' } } }] }, ['audio_1']],
  [
    'encrypted reasoning',
    {
      choices: [{ message: { reasoning_details: [{ type: 'reasoning.encrypted', data: encrypted }, { text: 'x' }] } }],
    },
    [opaqueKey(encrypted)],
  ],
  ['the id of what is not stored', { id: 'chatcmpl-1', choices: [{ message: { content: 'x' } }] }, []],
  [
    'odd shapes',
    { choices: [null, {}, { message: 'x' }, { delta: { audio: 'x', reasoning_details: [null, 'x'] } }] },
    [],
  ],
  ['no choices', { choices: 'x' }, []],
  ['nothing', undefined, []],
])('a chat answer hands out %s', (_, answer, ids) => {
  expect(idsInAnswer(answer)).toEqual(ids);
});

describe('finderFor', () => {
  const found = (method: string, path: string, reply: unknown, body?: unknown) =>
    finderFor({ method, operation: operationOf(method, path) }, body)?.(reply);
  const file = { id: 'file-1' };

  it.each<[string, string, string, unknown, unknown, string[] | undefined]>([
    ['nothing of embeddings', 'post', '/embeddings', file, {}, undefined],
    ['nothing of a completion', 'post', '/completions', file, {}, undefined],
    [
      'nothing of the account’s own',
      'get',
      '/organization/projects',
      { data: [{ id: 'proj_1' }] },
      undefined,
      undefined,
    ],
    ['nothing of what a file holds', 'get', '/files/file-1/content', { id: 'vs_1' }, undefined, undefined],
    ['nothing of speech', 'post', '/audio/speech', file, {}, undefined],
    ['a voice', 'post', '/audio/voices', { id: 'voice_1' }, {}, ['voice_1']],
    ['nothing of a chat', 'post', '/chat/completions', { id: 'chatcmpl-1' }, {}, []],
    ['a stored chat', 'post', '/chat/completions', { id: 'chatcmpl-1' }, { store: true }, ['chatcmpl-1']],
    ['stored chats of a list', 'get', '/chat/completions', { data: [{ id: 'chatcmpl-1' }] }, undefined, ['chatcmpl-1']],
    ['made models', 'get', '/models', { data: [{ id: 'gpt-5' }, { id: 'ft:m:o::1' }] }, undefined, ['ft:m:o::1']],
    [
      'a model that an event tells of',
      'get',
      '/fine_tuning/jobs/ftjob-1/events',
      {
        data: [
          { id: 'ftevent-1', message: 'New fine-tuned model created: ft:m:o::1.' },
          { message: 'left:over' },
          null,
        ],
      },
      undefined,
      ['ftevent-1', 'ft:m:o::1'],
    ],
    ['a response', 'post', '/responses', { id: 'resp_1' }, {}, ['resp_1']],
    ['a file', 'post', '/files', file, new FormData(), ['file-1']],
  ])('finds %s', (_, method, path, reply, body, ids) => {
    expect(found(method, path, reply, body)).toEqual(ids);
  });
});

it.each<[string | undefined, string[]]>([
  ['/v1/realtime/calls/rtc_1', ['rtc_1']],
  ['https://api.openai.com/v1/realtime/calls/rtc_1?x=1', ['rtc_1']],
  ['/v1/live/sessions/live_1', ['live_1']],
  ['/v1/realtime/calls/', []],
  ['https://elsewhere', []],
  [undefined, []],
])('a Location of %s hands out %j', (location, ids) => {
  expect(idsInHeaders(new Headers(location === undefined ? {} : { location }))).toEqual(ids);
});
