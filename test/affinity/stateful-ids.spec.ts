// Ids in calls: where they stand, where the API shows them, and what only looks like one.
import { describe, expect, it } from 'vitest';
import { opaqueKey } from '../../src/affinity/opaque.ts';
import { idsInCall } from '../../src/affinity/stateful-ids.ts';
import { operationOf } from '../../src/call/operations.ts';

const find = (path: string, body?: unknown, rest: { query?: unknown; model?: string } = {}) =>
  idsInCall({ operation: operationOf('post', path), model: rest.model, body, query: rest.query });
/** `id` binds; `~id` leads to a known owner only. */
const said = (found: ReturnType<typeof find>) => found.map(({ id, soft }) => (soft ? `~${id}` : id));

const form = (entries: Record<string, string | string[] | Blob>) => {
  const made = new FormData();
  for (const [name, value] of Object.entries(entries))
    for (const each of Array.isArray(value) ? value : [value]) made.append(name, each);
  return made;
};
const encrypted = 'gAAAAABo'.repeat(40);
const enc = `~${opaqueKey(encrypted)}`;

describe('idsInCall', () => {
  it.each<[string, string, unknown, string[]]>([
    ['a previous response', '/responses', { previous_response_id: 'resp_1' }, ['resp_1']],
    ['one to compact', '/responses/compact', { previous_response_id: 'resp_1' }, ['resp_1']],
    ['one whose tokens are counted', '/responses/input_tokens', { conversation: 'conv_1' }, ['conv_1']],
    ['a conversation by name', '/responses', { conversation: 'conv_1' }, ['conv_1']],
    ['a conversation by object', '/responses', { conversation: { id: 'conv_1' } }, ['conv_1']],
    ['a stored prompt', '/responses', { prompt: { id: 'pmpt_1', version: '2' } }, ['pmpt_1']],
    [
      'a file in a variable of a prompt',
      '/responses',
      { prompt: { id: 'pmpt_1', variables: { doc: { type: 'input_file', file_id: 'file-1' }, city: 'file-2' } } },
      ['pmpt_1', 'file-1'],
    ],
    [
      'a response to compare with',
      '/responses',
      { prompt_cache_options: { comparison_response_id: 'resp_1' } },
      ['resp_1'],
    ],
    ['an item by reference', '/responses', { input: [{ type: 'item_reference', id: 'msg_1' }] }, ['msg_1']],
    ['a reference that says no more', '/responses', { input: [{ id: 'msg_1' }] }, ['msg_1']],
    [
      'reasoning kept at its endpoint',
      '/responses',
      { input: [{ type: 'reasoning', id: 'rs_1', summary: [] }] },
      ['~rs_1'],
    ],
    [
      'encrypted reasoning',
      '/responses',
      { input: [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: encrypted }] },
      [enc],
    ],
    ['a compaction', '/responses', { input: [{ type: 'compaction', encrypted_content: encrypted }] }, [enc]],
    [
      'encrypted content of another agent',
      '/responses',
      { input: [{ type: 'agent_message', content: [{ type: 'encrypted_content', encrypted_content: encrypted }] }] },
      [enc],
    ],
    ['an image to go on from', '/responses', { input: [{ type: 'image_generation_call', id: 'ig_1' }] }, ['~ig_1']],
    [
      'the container of an earlier step',
      '/responses',
      { input: [{ type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1' }] },
      ['~cntr_1'],
    ],
    [
      'an approval',
      '/responses',
      { input: [{ type: 'mcp_approval_response', approval_request_id: 'mcpr_1' }] },
      ['~mcpr_1'],
    ],
    [
      'a file in the input',
      '/responses',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }] },
      ['file-1'],
    ],
    [
      'an image a function gave',
      '/responses',
      {
        input: [
          { type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_image', file_id: 'file-1' }] },
        ],
      },
      ['file-1'],
    ],
    [
      'a screenshot',
      '/responses',
      {
        input: [
          { type: 'computer_call_output', call_id: 'c', output: { type: 'computer_screenshot', file_id: 'file-1' } },
        ],
      },
      ['file-1'],
    ],
    [
      'file search',
      '/responses',
      { tools: [{ type: 'file_search', vector_store_ids: ['vs_1', 'vs_2'] }] },
      ['vs_1', 'vs_2'],
    ],
    ['a named container', '/responses', { tools: [{ type: 'code_interpreter', container: 'cntr_1' }] }, ['cntr_1']],
    [
      'a container to be made, with files and skills',
      '/responses',
      {
        tools: [
          { container: { type: 'auto', file_ids: ['file-1'] } },
          { environment: { skills: [{ skill_id: 'skill_1' }] } },
        ],
      },
      ['file-1', 'skill_1'],
    ],
    [
      'the container of a shell',
      '/responses',
      { tools: [{ type: 'shell', environment: { type: 'container_reference', container_id: 'cntr_1' } }] },
      ['cntr_1'],
    ],
    [
      'a mask',
      '/responses',
      { tools: [{ type: 'image_generation', input_image_mask: { file_id: 'file-1' } }] },
      ['file-1'],
    ],
    [
      'a skill of everybody',
      '/responses',
      { tools: [{ environment: { skills: [{ skill_id: 'openai-sheets' }] } }] },
      ['~openai-sheets'],
    ],
    [
      'tools in a namespace',
      '/responses',
      { tools: [{ type: 'namespace', tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] }] },
      ['vs_1'],
    ],
    [
      'a file in a chat',
      '/chat/completions',
      { messages: [{ content: [{ type: 'file', file: { file_id: 'file-1' } }] }] },
      ['file-1'],
    ],
    [
      'an earlier audio answer',
      '/chat/completions',
      { messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] },
      ['audio_1'],
    ],
    [
      'encrypted reasoning of a chat',
      '/chat/completions',
      {
        messages: [
          { role: 'assistant', content: '', reasoning_details: [{ type: 'reasoning.encrypted', data: encrypted }] },
        ],
      },
      [enc],
    ],
    ['a voice of one’s own', '/chat/completions', { audio: { format: 'wav', voice: { id: 'voice_1' } } }, ['voice_1']],
    ['a voice to speak with', '/audio/speech', { voice: { id: 'voice_1' } }, ['voice_1']],
    ['a voice by text', '/audio/speech', { voice: 'voice_1' }, ['~voice_1']],
    ['a consent', '/audio/voices', form({ name: 'Me', consent: 'cons_1', audio_sample: new Blob(['x']) }), ['cons_1']],
    ['items of a conversation', '/conversations', { items: [{ content: [{ file_id: 'file-1' }] }] }, ['file-1']],
    [
      'more items',
      '/conversations/conv_1/items',
      { items: [{ content: [{ file_id: 'file-1' }] }] },
      ['conv_1', 'file-1'],
    ],
    ['the input of a batch', '/batches', { input_file_id: 'file-1', endpoint: '/v1/responses' }, ['file-1']],
    [
      'the files of a fine-tune',
      '/fine_tuning/jobs',
      { training_file: 'file-1', validation_file: 'file-2' },
      ['file-1', 'file-2'],
    ],
    ['a file for a store', '/vector_stores/vs_1/files', { file_id: 'file-1' }, ['vs_1', 'file-1']],
    ['files for a store', '/vector_stores', { file_ids: ['file-1', 'file-2'] }, ['file-1', 'file-2']],
    [
      'files with attributes',
      '/vector_stores/vs_1/file_batches',
      { files: [{ file_id: 'file-1', attributes: { id: 'x' } }, { file_id: 'file-2' }] },
      ['vs_1', 'file-1', 'file-2'],
    ],
    ['an assistant', '/threads/runs', { assistant_id: 'asst_1' }, ['asst_1']],
    [
      'resources of tools',
      '/assistants',
      { tool_resources: { code_interpreter: { file_ids: ['file-1'] }, file_search: { vector_store_ids: ['vs_1'] } } },
      ['file-1', 'vs_1'],
    ],
    [
      'stores made with a thread',
      '/threads',
      { tool_resources: { file_search: { vector_stores: [{ file_ids: ['file-1'] }, { file_ids: ['file-2'] }] } } },
      ['file-1', 'file-2'],
    ],
    [
      'a thread made with its run',
      '/threads/runs',
      { assistant_id: 'asst_1', thread: { messages: [{ content: 'x', attachments: [{ file_id: 'file-1' }] }] } },
      ['asst_1', 'file-1'],
    ],
    [
      'more messages of a run',
      '/threads/t_1/runs',
      { additional_messages: [{ content: [{ image_file: { file_id: 'file-1' } }] }] },
      ['t_1', 'file-1'],
    ],
    [
      'a message’s own',
      '/threads/t_1/messages',
      { role: 'user', attachments: [{ file_id: 'file-1' }], content: [] },
      ['t_1', 'file-1'],
    ],
    [
      'the parts of an upload',
      '/uploads/upload_1/complete',
      { part_ids: ['part_1', 'part_2'] },
      ['upload_1', 'part_1', 'part_2'],
    ],
    ['files of a container', '/containers', { name: 'c', file_ids: ['file-1'] }, ['file-1']],
    [
      'a file in the form of a container',
      '/containers/cntr_1/files',
      form({ file_id: 'file-1' }),
      ['cntr_1', 'file-1'],
    ],
    ['a video', '/videos/edits', { video: { id: 'video_1' } }, ['video_1']],
    ['a video in a form', '/videos/extensions', form({ 'video[id]': 'video_1', prompt: 'x' }), ['video_1']],
    ['a reference in a form', '/videos', form({ 'input_reference[file_id]': 'file-1' }), ['file-1']],
    ['characters', '/videos', { characters: [{ id: 'char_1' }] }, ['char_1']],
    ['characters in a form', '/videos', form({ 'characters[][id]': 'char_1' }), ['char_1']],
    [
      'a mask of an image',
      '/images/edits',
      { images: [{ file_id: 'file-1' }], mask: { file_id: 'file-2' } },
      ['file-1', 'file-2'],
    ],
    ['a list in a form', '/vector_stores', form({ 'file_ids[]': ['file-1', 'file-2'] }), ['file-1', 'file-2']],
    [
      'the source of an eval',
      '/evals/eval_1/runs',
      { data_source: { source: { type: 'file_id', id: 'file-1' } } },
      ['eval_1', 'file-1'],
    ],
    ['a model under test', '/evals/eval_1/runs', { data_source: { model: 'ft:m:o::1' } }, ['eval_1', '~ft:m:o::1']],
    [
      'a session of an agent',
      '/agents/sessions',
      {
        agent_id: 'agent_1',
        environment: {
          type: 'openai_hosted',
          environment_template_id: 'tmpl_1',
          files: [{ type: 'file_id', file_id: 'file-1' }],
        },
        vault_ids: ['vault_1'],
        input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'file-2' }] }],
      },
      ['agent_1', 'vault_1', 'file-1', 'tmpl_1', 'file-2'],
    ],
    ['a prepared environment', '/agents/sessions', { environment: { environment_id: 'env_1' } }, ['env_1']],
    ['what an automation goes on with', '/agents/automations', { target: { session_id: 'sess_1' } }, ['sess_1']],
    ['the credential of a tool', '/agents', { tools: [{ type: 'mcp', credential_id: 'cred_1' }] }, ['cred_1']],
    [
      'a template',
      '/agents/environments/templates',
      { files: [{ file_id: 'file-1' }], skills: [{ skill_id: 'skill_1' }] },
      ['file-1', 'skill_1'],
    ],
    [
      'the prompt of a realtime session',
      '/realtime/client_secrets',
      { session: { prompt: { id: 'pmpt_1' } } },
      ['pmpt_1'],
    ],
    [
      'the voice of a call',
      '/realtime/calls/rtc_1/accept',
      { audio: { output: { voice: { id: 'voice_1' } } } },
      ['rtc_1', 'voice_1'],
    ],
    [
      'what a live session hands on',
      '/live/sessions',
      { delegation: { type: 'responses', responses: { tools: [{ vector_store_ids: ['vs_1'] }] } } },
      ['vs_1'],
    ],
    [
      'a path nobody documented',
      '/new/things',
      { file_id: 'file-1', conversation: 'conv_1', id: 'x' },
      ['~conv_1', '~file-1'],
    ],
  ])('finds %s', (_, path, body, ids) => {
    expect(said(find(path, body))).toEqual(ids);
  });

  it.each<[string, string, unknown]>([
    ['no body', '/responses', undefined],
    ['null', '/responses', null],
    ['text', '/responses', 'previous_response_id'],
    ['bytes', '/files', new Uint8Array(3)],
    ['a list', '/responses', [{ previous_response_id: 'resp_1' }].map(() => 'resp_1')],
    ['a form of files', '/files', form({ purpose: 'batch', file: new Blob(['file_id']) })],
    ['texts of a chat', '/chat/completions', { messages: [{ role: 'user', content: 'file-1' }] }],
    [
      'what the caller made up',
      '/responses',
      { metadata: { file_id: 'file-1', id: 'x' }, user: 'resp_1', prompt_cache_key: 'x' },
    ],
    ['a prompt of text', '/completions', { prompt: 'pmpt_1' }],
    ['a prompt for an image', '/images/generations', { prompt: 'pmpt_1' }],
    ['a voice by name', '/audio/speech', { voice: 'alloy' }],
    ['a voice of a chat', '/chat/completions', { audio: { voice: 'alloy' }, voice: { id: 'x' } }],
    ['a container to be made', '/responses', { tools: [{ container: { type: 'auto' } }] }],
    [
      'a function that is called so',
      '/responses',
      { tools: [{ type: 'function', name: 'file_id', parameters: { file_id: 'x' } }] },
    ],
    [
      'calls of tools',
      '/responses',
      { input: [{ type: 'function_call_output', call_id: 'call_1', output: 'file-1' }] },
    ],
    [
      'calls of tools in a chat',
      '/chat/completions',
      { messages: [{ role: 'tool', tool_call_id: 'call_1', content: '' }] },
    ],
    ['outputs of tools', '/threads/runs', { tool_outputs: [{ tool_call_id: 'call_1', output: 'file-1' }] }],
    ['a message with an id of its own', '/responses', { input: [{ type: 'message', id: 'msg_1', content: 'x' }] }],
    ['a message that leaves its type out', '/responses', { input: [{ role: 'assistant', id: 'msg_1', content: 'x' }] }],
    [
      'an image that is there',
      '/responses',
      { input: [{ type: 'image_generation_call', id: 'ig_1', result: 'aGk=' }] },
    ],
    [
      'reasoning in the open',
      '/responses',
      { input: [{ type: 'reasoning', id: 'rs_1', content: [{ type: 'reasoning_text', text: 'x' }] }] },
    ],
    [
      'open reasoning of a chat',
      '/chat/completions',
      { messages: [{ reasoning_details: [{ type: 'reasoning.text', text: 'x' }] }] },
    ],
    [
      'session names of other makers',
      '/chat/completions',
      { session_id: 'x', conversation: 'x', thread_id: 'x', file_id: 'x' },
    ],
    ['an eval over templates', '/evals', { data_source: { source: { type: 'file_content', id: 'x' } } }],
    ['a video in a form', '/videos/edits', form({ video: new Blob(['video_1']) })],
    ['the account’s own', '/organization/projects', { id: 'x', file_id: 'x' }],
    [
      'nulls',
      '/responses',
      { previous_response_id: null, conversation: null, input: [null], tools: [null], prompt: null },
    ],
    [
      'other shapes',
      '/responses',
      { previous_response_id: 7, input: 'text', tools: 'x', prompt: 'x', conversation: [[{ id: 'x' }]] },
    ],
    ['empty ones', '/responses', { previous_response_id: '', conversation: '' }],
    [
      'names of what every object has',
      '/responses',
      JSON.parse(
        '{"__proto__":{"previous_response_id":"x"},"constructor":{"id":"x"},"input":[{"type":"__proto__","id":"x"},{"type":"constructor","id":"x"}]}',
      ),
    ],
    [
      'a form that reaches for prototypes',
      '/videos',
      form({ '__proto__[video][id]': 'x', 'constructor[prototype][id]': 'x' }),
    ],
    ['a deep form', '/videos', form({ 'video[a][b][c][d][e][id]': 'x', 'video[][][][]': 'x', '[]': 'x', '': 'x' })],
  ])('finds none in %s', (_, path, body) => {
    expect(find(path, body)).toEqual([]);
    expect(({} as Record<string, unknown>).video).toBeUndefined();
  });

  it('finds the ids that filter a list', () => {
    expect(said(find('/threads/t_1/messages', undefined, { query: { run_id: 'run_1', limit: 2 } }))).toEqual([
      't_1',
      '~run_1',
    ]);
    expect(said(find('/agents/sessions', undefined, { query: { agent_id: 'agent_1' } }))).toEqual(['agent_1']);
    expect(find('/files', undefined, { query: { purpose: 'batch', run_id: 'x' } })).toEqual([]);
  });

  it.each(['/chat/completions', '/embeddings', '/responses', '/audio/transcriptions'])(
    'finds a fine-tuned model of %s, and no other',
    (path) => {
      const model = 'ft:gpt-4o:org::1';
      expect(find(path, {}, { model })).toEqual([
        { id: model, readAt: '/models/ft%3Agpt-4o%3Aorg%3A%3A1', soft: true },
      ]);
      expect(find(path, {}, { model: 'gpt-5' })).toEqual([]);
    },
  );

  it('makes no list of its own for a call without ids', () => {
    const operation = operationOf('post', '/chat/completions');
    expect(idsInCall({ operation, model: 'gpt-5', body: { messages: [] } })).toBe(operation.ids);
  });
});

it.each<[string, unknown, string | undefined]>([
  ['/batches', { input_file_id: 'file-1' }, '/files/file-1'],
  ['/responses', { previous_response_id: 'resp_1' }, '/responses/resp_1'],
  ['/responses', { conversation: { id: 'a/b' } }, '/conversations/a%2Fb'],
  ['/responses', { tools: [{ vector_store_ids: ['vs_1'] }] }, '/vector_stores/vs_1'],
  ['/responses', { prompt: { id: 'pmpt_1' } }, undefined],
  ['/responses', { input: [{ type: 'item_reference', id: 'msg_1' }] }, undefined],
  ['/threads/runs', { assistant_id: 'asst_1' }, '/assistants/asst_1'],
  ['/videos', { video: { id: 'video_1' } }, '/videos/video_1'],
  ['/agents', { agent_id: 'agent_1' }, '/agents/agent_1'],
])('%s with %j is read at %s', (path, body, readAt) => {
  expect(find(path, body).map((id) => id.readAt)).toEqual([readAt]);
});

describe('an encrypted item', () => {
  it('is known by both ends and its length, without being kept', () => {
    const long = `${'a'.repeat(500)}${'b'.repeat(100_000)}${'c'.repeat(500)}`;
    const key = opaqueKey(long);
    expect(key).toMatch(/^enc:[\w-]{32}$/);
    expect(opaqueKey(`${'a'.repeat(500)}${'b'.repeat(100_000)}${'c'.repeat(500)}`)).toBe(key);
    const others = [long.slice(1), `x${long.slice(1)}`, `${long.slice(0, -1)}x`, long.replace('b', 'bb'), ''];
    expect(others.map(opaqueKey)).not.toContain(key);
  });
});
