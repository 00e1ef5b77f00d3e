// Ids in bodies and replies: where they stand, and what only looks like one.
import { describe, expect, it } from 'vitest';
import { idsInBody, idsInReply } from '../../src/affinity/stateful-ids.ts';

describe('idsInBody', () => {
  it.each<[string, unknown, string[]]>([
    ['a previous response', { previous_response_id: 'resp_1' }, ['resp_1']],
    ['a conversation by name', { conversation: 'conv_1' }, ['conv_1']],
    ['a conversation by object', { conversation: { id: 'conv_1' } }, ['conv_1']],
    ['the input of a batch', { input_file_id: 'file-1', endpoint: '/v1/responses' }, ['file-1']],
    ['the files of a fine-tune', { training_file: 'file-1', validation_file: 'file-2' }, ['file-1', 'file-2']],
    ['a file for a store', { file_id: 'file-1' }, ['file-1']],
    ['files for a store', { file_ids: ['file-1', 'file-2'] }, ['file-1', 'file-2']],
    [
      'files with attributes',
      { files: [{ file_id: 'file-1', attributes: {} }, { file_id: 'file-2' }] },
      ['file-1', 'file-2'],
    ],
    ['stores', { vector_store_ids: ['vs_1'] }, ['vs_1']],
    ['an assistant', { assistant_id: 'asst_1' }, ['asst_1']],
    ['the parts of an upload', { part_ids: ['part_1', 'part_2'] }, ['part_1', 'part_2']],
    ['a thread', { thread_id: 'thread_1' }, ['thread_1']],
    ['a container', { container_id: 'cntr_1' }, ['cntr_1']],
    ['an eval', { eval_id: 'eval_1' }, ['eval_1']],
    ['a video', { video: { id: 'video_1' } }, ['video_1']],
    ['a voice of one’s own', { voice: { id: 'voice_1' } }, ['voice_1']],
    ['an item by reference', { input: [{ type: 'item_reference', id: 'msg_1' }] }, ['msg_1']],
    [
      'a file in the input',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }] },
      ['file-1'],
    ],
    ['an image in the input', { input: [{ content: [{ type: 'input_image', file_id: 'file-1' }] }] }, ['file-1']],
    [
      'a file in a chat message',
      { messages: [{ content: [{ type: 'file', file: { file_id: 'file-1' } }] }] },
      ['file-1'],
    ],
    ['an earlier audio answer', { messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] }, ['audio_1']],
    ['attachments', { messages: [{ content: 'x', attachments: [{ file_id: 'file-1', tools: [] }] }] }, ['file-1']],
    ['file search', { tools: [{ type: 'file_search', vector_store_ids: ['vs_1', 'vs_2'] }] }, ['vs_1', 'vs_2']],
    [
      'a container described with files',
      { tools: [{ container: { type: 'auto', file_ids: ['file-1'] } }] },
      ['file-1'],
    ],
    [
      'a container by reference',
      { tools: [{ environment: 0, container_reference: { container_id: 'cntr_1' } }] },
      ['cntr_1'],
    ],
    ['a skill', { tools: [{ type: 'shell', skill_id: 'skill_1' }] }, ['skill_1']],
    ['a stored prompt', { prompt: { id: 'pmpt_1', version: '2' } }, ['pmpt_1']],
    [
      'an image of a thread',
      { messages: [{ content: [{ type: 'image_file', image_file: { file_id: 'file-1' } }] }] },
      ['file-1'],
    ],
    ['attachments of a single message', { role: 'user', attachments: [{ file_id: 'file-1' }] }, ['file-1']],
    ['an approval', { input: [{ type: 'mcp_approval_response', approval_request_id: 'mcpr_1' }] }, ['mcpr_1']],
    ['a reference for a video', { input_reference: { file_id: 'file-1' } }, ['file-1']],
    ['characters of a video', { characters: [{ id: 'char_1' }] }, ['char_1']],
    [
      'the source of an eval',
      { data_source: { type: 'jsonl', source: { type: 'file_id', id: 'file-1' } } },
      ['file-1'],
    ],
    [
      'stores made with a thread',
      { tool_resources: { file_search: { vector_stores: [{ file_ids: ['file-1'] }, { file_ids: ['file-2'] }] } } },
      ['file-1', 'file-2'],
    ],
    ['a named container', { tools: [{ type: 'code_interpreter', container: 'cntr_1' }] }, ['cntr_1']],
    [
      'resources of tools',
      { tool_resources: { code_interpreter: { file_ids: ['file-1'] }, file_search: { vector_store_ids: ['vs_1'] } } },
      ['file-1', 'vs_1'],
    ],
    [
      'everything at once',
      {
        previous_response_id: 'resp_1',
        input: [{ content: [{ file_id: 'file-1' }] }],
        tools: [{ vector_store_ids: ['vs_1'] }],
      },
      ['resp_1', 'file-1', 'vs_1'],
    ],
  ])('finds %s', (_, body, ids) => {
    expect(idsInBody(body).map(({ id }) => id)).toEqual(ids);
  });

  it.each<[string, unknown]>([
    ['no body', undefined],
    ['null', null],
    ['text', 'previous_response_id'],
    ['a form', new FormData()],
    ['bytes', new Uint8Array(3)],
    ['nothing of ours', { model: 'gpt-5', messages: [{ role: 'user', content: 'file-1' }] }],
    ['a prompt of text', { prompt: 'file-1' }],
    ['prompts of text', { prompt: ['file-1'] }],
    ['no prompt', { prompt: null }],
    ['a voice by name', { voice: 'alloy' }],
    ['a described container', { tools: [{ container: { type: 'auto' } }] }],
    ['a message with an id of its own', { input: [{ type: 'message', id: 'msg_1', content: 'x' }] }],
    [
      'nulls',
      {
        previous_response_id: null,
        conversation: null,
        file_ids: null,
        input: [null],
        tools: [null],
        messages: [null],
      },
    ],
    ['other shapes', { file_ids: 7, input: 'text', tools: 'x', messages: {}, tool_resources: 'x', files: [7, null] }],
    [
      'nulls inside',
      { messages: [{ content: [null], attachments: [null], audio: null }], tool_resources: { a: null } },
    ],
  ])('finds none in %s', (_, body) => {
    expect(idsInBody(body)).toEqual([]);
  });
});

it.each<[unknown, string | undefined]>([
  [{ input_file_id: 'file-1' }, '/files/file-1'],
  [{ previous_response_id: 'resp_1' }, '/responses/resp_1'],
  [{ conversation: { id: 'a/b' } }, '/conversations/a%2Fb'],
  [{ tools: [{ vector_store_ids: ['vs_1'] }] }, '/vector_stores/vs_1'],
  [{ prompt: { id: 'pmpt_1' } }, undefined],
  [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, undefined],
])('%j is read at %s', (body, readAt) => {
  expect(idsInBody(body).map((id) => id.readAt)).toEqual([readAt]);
});

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
    ['nothing', {}, []],
    ['null', null, []],
    ['text', 'file-1', []],
    ['odd pages', { data: [null, 7, 'x', {}, { id: 9 }] }, []],
    ['odd objects', { id: 5, response: null, file: 'x', conversation: { id: 1 } }, []],
  ])('finds %s', (_, data, ids) => {
    expect(idsInReply(data)).toEqual(ids);
  });
});
