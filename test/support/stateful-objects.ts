// Every object of the API that lives on one account, as data: how it is made, listed, and what calls refer to it later. One row per
// object; `{file}` stands for the id of that object. The calls are raw, so that every major of the SDK can make them all.

/** One call: HTTP method and path, body, query. */
export type Step = readonly [
  verb: 'get' | 'post' | 'delete',
  path: string,
  body?: unknown,
  query?: Readonly<Record<string, string>>,
];

/** One kind of object. */
export interface StatefulObject {
  /** The name of its id in other rows. */
  readonly name: string;
  /** Objects that are made before, on the same endpoint. */
  readonly needs?: readonly string[];
  readonly made: Step;
  /** Where the id stands in the reply, when it is not `id`: field names and indexes with dots between. */
  readonly id?: string;
  /** The list that shows it; `undefined` = the API has none. */
  readonly listed?: string;
  /** Calls that must reach the endpoint which made it. */
  readonly used: readonly Step[];
}

/** A multipart body, made anew for each call. */
export class Form {
  readonly fields: Readonly<Record<string, string | Blob>>;
  constructor(fields: Readonly<Record<string, string | Blob>>) {
    this.fields = fields;
  }
}

const blob = new Blob(['{"line":1}']);
const model = 'gpt-5';
const user = (part: object) => ({ role: 'user', content: [part] });
const responds = (body: object): Step => ['post', '/responses', { model, input: 'hi', ...body }];
const asks = (part: object) => responds({ input: [user(part)] });
const chats = (body: object): Step => [
  'post',
  '/chat/completions',
  { model, messages: [{ role: 'user', content: 'hi' }], ...body },
];
const tool = (of: object) => responds({ tools: [of] });

/** The table. */
export const STATEFUL_OBJECTS: readonly StatefulObject[] = [
  {
    name: 'file',
    needs: ['store', 'container', 'eval', 'thread', 'assistant', 'conversation', 'environment'],
    made: ['post', '/files', new Form({ purpose: 'batch', file: blob })],
    listed: '/files',
    used: [
      ['get', '/files/{file}'],
      ['get', '/files/{file}/content'],
      ['post', '/batches', { input_file_id: '{file}', endpoint: '/v1/responses', completion_window: '24h' }],
      ['post', '/fine_tuning/jobs', { model, training_file: '{file}' }],
      ['post', '/fine_tuning/jobs', { model, validation_file: '{file}' }],
      ['post', '/vector_stores', { file_ids: ['{file}'] }],
      ['post', '/vector_stores/{store}/files', { file_id: '{file}' }],
      ['get', '/vector_stores/{store}/files/{file}'],
      ['post', '/vector_stores/{store}/file_batches', { file_ids: ['{file}'] }],
      ['post', '/vector_stores/{store}/file_batches', { files: [{ file_id: '{file}', attributes: {} }] }],
      ['post', '/assistants', { model, tool_resources: { code_interpreter: { file_ids: ['{file}'] } } }],
      [
        'post',
        '/threads',
        { messages: [{ ...user({ type: 'text', text: 'x' }), attachments: [{ file_id: '{file}' }] }] },
      ],
      ['post', '/threads', { messages: [user({ type: 'image_file', image_file: { file_id: '{file}' } })] }],
      ['post', '/threads', { tool_resources: { file_search: { vector_stores: [{ file_ids: ['{file}'] }] } } }],
      ['post', '/threads/{thread}/messages', user({ type: 'image_file', image_file: { file_id: '{file}' } })],
      [
        'post',
        '/threads/runs',
        { assistant_id: '{assistant}', thread: { messages: [{ attachments: [{ file_id: '{file}' }] }] } },
      ],
      asks({ type: 'input_file', file_id: '{file}' }),
      asks({ type: 'input_image', file_id: '{file}' }),
      responds({ input: [{ type: 'computer_call_output', call_id: 'c', output: { file_id: '{file}' } }] }),
      responds({ prompt: { id: 'pmpt_of_{file}', variables: { doc: { type: 'input_file', file_id: '{file}' } } } }),
      tool({ type: 'code_interpreter', container: { type: 'auto', file_ids: ['{file}'] } }),
      tool({ type: 'image_generation', input_image_mask: { file_id: '{file}' } }),
      ['post', '/conversations', { items: [user({ type: 'input_file', file_id: '{file}' })] }],
      ['post', '/conversations/{conversation}/items', { items: [user({ type: 'input_file', file_id: '{file}' })] }],
      chats({ messages: [user({ type: 'file', file: { file_id: '{file}' } })] }),
      ['post', '/containers', { name: 'c', file_ids: ['{file}'] }],
      ['post', '/containers/{container}/files', { file_id: '{file}' }],
      ['post', '/containers/{container}/files', new Form({ file_id: '{file}' })],
      ['post', '/videos', { prompt: 'x', input_reference: { file_id: '{file}' } }],
      ['post', '/videos', new Form({ prompt: 'x', 'input_reference[file_id]': '{file}' })],
      ['post', '/images/edits', { prompt: 'x', images: [{ file_id: '{file}' }] }],
      ['post', '/evals/{eval}/runs', { data_source: { type: 'jsonl', source: { type: 'file_id', id: '{file}' } } }],
      ['post', '/agents/environments', { environment: { files: [{ type: 'file_id', file_id: '{file}' }] } }],
      ['post', '/agents/environments/{environment}/files', { type: 'file_id', file_id: '{file}', path: '/x' }],
      ['post', '/agents/environments/templates', { files: [{ file_id: '{file}' }] }],
      ['delete', '/files/{file}'],
    ],
  },
  {
    name: 'upload',
    made: ['post', '/uploads', { filename: 'u', bytes: 3, mime_type: 'text/plain', purpose: 'batch' }],
    used: [
      ['post', '/uploads/{upload}/parts', new Form({ data: blob })],
      ['post', '/uploads/{upload}/complete', { part_ids: [] }],
      ['post', '/uploads/{upload}/cancel'],
    ],
  },
  {
    name: 'part',
    needs: ['upload'],
    made: ['post', '/uploads/{upload}/parts', new Form({ data: blob })],
    used: [['post', '/uploads/{upload}/complete', { part_ids: ['{part}'] }]],
  },
  {
    name: 'uploaded file',
    needs: ['upload'],
    made: ['post', '/uploads/{upload}/complete', { part_ids: [] }],
    id: 'file.id',
    used: [
      ['get', '/files/{uploaded file}'],
      ['post', '/batches', { input_file_id: '{uploaded file}' }],
    ],
  },
  {
    name: 'batch',
    needs: ['file'],
    made: ['post', '/batches', { input_file_id: '{file}' }],
    listed: '/batches',
    used: [
      ['get', '/batches/{batch}'],
      ['post', '/batches/{batch}/cancel'],
    ],
  },
  {
    name: 'output of a batch',
    needs: ['batch'],
    made: ['get', '/batches/{batch}'],
    id: 'output_file_id',
    listed: '/files',
    used: [['get', '/files/{output of a batch}/content']],
  },
  {
    name: 'store',
    made: ['post', '/vector_stores', { name: 's' }],
    listed: '/vector_stores',
    used: [
      ['get', '/vector_stores/{store}'],
      ['post', '/vector_stores/{store}', { name: 't' }],
      ['get', '/vector_stores/{store}/files'],
      ['post', '/vector_stores/{store}/search', { query: 'x' }],
      tool({ type: 'file_search', vector_store_ids: ['{store}'] }),
      tool({ type: 'namespace', tools: [{ type: 'file_search', vector_store_ids: ['{store}'] }] }),
      ['post', '/assistants', { model, tool_resources: { file_search: { vector_store_ids: ['{store}'] } } }],
      ['post', '/threads', { tool_resources: { file_search: { vector_store_ids: ['{store}'] } } }],
      ['delete', '/vector_stores/{store}'],
    ],
  },
  {
    name: 'store of a thread',
    made: ['post', '/threads', { tool_resources: { file_search: { vector_stores: [{ file_ids: [] }] } } }],
    id: 'tool_resources.file_search.vector_store_ids.0',
    used: [['get', '/vector_stores/{store of a thread}']],
  },
  {
    name: 'file batch',
    needs: ['store', 'file'],
    made: ['post', '/vector_stores/{store}/file_batches', { file_ids: ['{file}'] }],
    used: [
      ['get', '/vector_stores/{store}/file_batches/{file batch}'],
      ['get', '/vector_stores/{store}/file_batches/{file batch}/files'],
      ['post', '/vector_stores/{store}/file_batches/{file batch}/cancel'],
    ],
  },
  {
    name: 'job',
    needs: ['file'],
    made: ['post', '/fine_tuning/jobs', { model, training_file: '{file}' }],
    listed: '/fine_tuning/jobs',
    used: [
      ['get', '/fine_tuning/jobs/{job}'],
      ['get', '/fine_tuning/jobs/{job}/events'],
      ['get', '/fine_tuning/jobs/{job}/checkpoints'],
      ['post', '/fine_tuning/jobs/{job}/pause'],
      ['post', '/fine_tuning/jobs/{job}/resume'],
      ['post', '/fine_tuning/jobs/{job}/cancel'],
    ],
  },
  {
    name: 'model',
    needs: ['job'],
    made: ['get', '/fine_tuning/jobs/{job}'],
    id: 'fine_tuned_model',
    listed: '/fine_tuning/jobs',
    used: [
      chats({ model: '{model}' }),
      responds({ model: '{model}' }),
      ['post', '/completions', { model: '{model}', prompt: 'x' }],
      ['post', '/evals', { name: 'e', model: '{model}' }],
      ['post', '/fine_tuning/checkpoints/{model}/permissions', { project_ids: ['proj_1'] }],
      ['delete', '/models/{model}'],
    ],
  },
  {
    name: 'result file',
    needs: ['job'],
    made: ['get', '/fine_tuning/jobs/{job}'],
    id: 'result_files.0',
    listed: '/fine_tuning/jobs',
    used: [['get', '/files/{result file}/content']],
  },
  {
    name: 'assistant',
    needs: ['thread'],
    made: ['post', '/assistants', { model }],
    listed: '/assistants',
    used: [
      ['get', '/assistants/{assistant}'],
      ['post', '/assistants/{assistant}', { name: 'x' }],
      ['post', '/threads/runs', { assistant_id: '{assistant}' }],
      ['post', '/threads/{thread}/runs', { assistant_id: '{assistant}' }],
      ['delete', '/assistants/{assistant}'],
    ],
  },
  {
    name: 'thread',
    made: ['post', '/threads', {}],
    used: [
      ['get', '/threads/{thread}'],
      ['post', '/threads/{thread}', { metadata: {} }],
      ['post', '/threads/{thread}/messages', { role: 'user', content: 'x' }],
      ['get', '/threads/{thread}/messages'],
      ['delete', '/threads/{thread}'],
    ],
  },
  {
    name: 'thread of a run',
    needs: ['assistant'],
    made: ['post', '/threads/runs', { assistant_id: '{assistant}' }],
    id: 'thread_id',
    used: [['get', '/threads/{thread of a run}/messages']],
  },
  {
    name: 'message',
    needs: ['thread'],
    made: ['post', '/threads/{thread}/messages', { role: 'user', content: 'x' }],
    listed: '/threads/{thread}/messages',
    used: [
      ['get', '/threads/{thread}/messages/{message}'],
      ['post', '/threads/{thread}/messages/{message}', { metadata: {} }],
      ['delete', '/threads/{thread}/messages/{message}'],
    ],
  },
  {
    name: 'run',
    needs: ['thread', 'assistant'],
    made: ['post', '/threads/{thread}/runs', { assistant_id: '{assistant}' }],
    listed: '/threads/{thread}/runs',
    used: [
      ['get', '/threads/{thread}/runs/{run}'],
      ['get', '/threads/{thread}/runs/{run}/steps'],
      ['get', '/threads/{thread}/messages', undefined, { run_id: '{run}' }],
      ['post', '/threads/{thread}/runs/{run}/submit_tool_outputs', { tool_outputs: [] }],
      ['post', '/threads/{thread}/runs/{run}/cancel'],
    ],
  },
  {
    name: 'response',
    made: responds({}),
    used: [
      ['get', '/responses/{response}'],
      ['get', '/responses/{response}/input_items'],
      responds({ previous_response_id: '{response}' }),
      responds({ prompt_cache_options: { comparison_response_id: '{response}' } }),
      ['post', '/responses/input_tokens', { model, previous_response_id: '{response}' }],
      ['post', '/responses/compact', { model, previous_response_id: '{response}' }],
      ['post', '/responses/{response}/cancel'],
      ['delete', '/responses/{response}'],
    ],
  },
  {
    name: 'background response',
    made: responds({ background: true }),
    used: [
      ['get', '/responses/{background response}'],
      ['post', '/responses/{background response}/cancel'],
    ],
  },
  {
    name: 'item',
    made: responds({}),
    id: 'output.0.id',
    used: [
      responds({ input: [{ type: 'item_reference', id: '{item}' }] }),
      responds({ input: [{ id: '{item}' }] }),
      responds({ input: [{ type: 'reasoning', id: '{item}', summary: [] }] }),
      responds({ input: [{ type: 'mcp_approval_response', approval_request_id: '{item}', approve: true }] }),
    ],
  },
  {
    name: 'encrypted reasoning',
    made: responds({ store: false, include: ['reasoning.encrypted_content'] }),
    id: 'output.0.encrypted_content',
    used: [
      responds({ input: [{ type: 'reasoning', id: 'rs_0', summary: [], encrypted_content: '{encrypted reasoning}' }] }),
    ],
  },
  {
    name: 'compaction',
    made: ['post', '/responses/compact', { model, input: 'hi' }],
    id: 'output.0.encrypted_content',
    used: [
      responds({ input: [{ type: 'compaction', encrypted_content: '{compaction}' }] }),
      ['post', '/responses/compact', { model, input: [{ type: 'compaction', encrypted_content: '{compaction}' }] }],
    ],
  },
  {
    name: 'conversation',
    made: ['post', '/conversations', {}],
    used: [
      ['get', '/conversations/{conversation}'],
      ['post', '/conversations/{conversation}', { metadata: {} }],
      ['get', '/conversations/{conversation}/items'],
      responds({ conversation: '{conversation}' }),
      responds({ conversation: { id: '{conversation}' } }),
      ['post', '/responses/input_tokens', { model, conversation: '{conversation}' }],
      ['delete', '/conversations/{conversation}'],
    ],
  },
  {
    name: 'conversation item',
    needs: ['conversation'],
    made: ['post', '/conversations/{conversation}/items', { items: [{ role: 'user', content: 'x' }] }],
    id: 'data.0.id',
    listed: '/conversations/{conversation}/items',
    used: [
      ['get', '/conversations/{conversation}/items/{conversation item}'],
      responds({ input: [{ type: 'item_reference', id: '{conversation item}' }] }),
      ['delete', '/conversations/{conversation}/items/{conversation item}'],
    ],
  },
  {
    name: 'stored chat',
    made: chats({ store: true }),
    listed: '/chat/completions',
    used: [
      ['get', '/chat/completions/{stored chat}'],
      ['get', '/chat/completions/{stored chat}/messages'],
      ['post', '/chat/completions/{stored chat}', { metadata: {} }],
      ['delete', '/chat/completions/{stored chat}'],
    ],
  },
  {
    name: 'container',
    made: ['post', '/containers', { name: 'c' }],
    listed: '/containers',
    used: [
      ['get', '/containers/{container}'],
      ['get', '/containers/{container}/files'],
      tool({ type: 'code_interpreter', container: '{container}' }),
      tool({ type: 'shell', environment: { type: 'container_reference', container_id: '{container}' } }),
      ['delete', '/containers/{container}'],
    ],
  },
  {
    name: 'container of a response',
    made: tool({ type: 'code_interpreter', container: { type: 'auto' } }),
    id: 'output.0.container_id',
    used: [['get', '/containers/{container of a response}/files']],
  },
  {
    name: 'container file',
    needs: ['container'],
    made: ['post', '/containers/{container}/files', new Form({ file: blob })],
    listed: '/containers/{container}/files',
    used: [
      ['get', '/containers/{container}/files/{container file}'],
      ['get', '/containers/{container}/files/{container file}/content'],
      ['delete', '/containers/{container}/files/{container file}'],
    ],
  },
  {
    name: 'eval',
    made: ['post', '/evals', { name: 'e' }],
    listed: '/evals',
    used: [
      ['get', '/evals/{eval}'],
      ['post', '/evals/{eval}', { name: 'f' }],
      ['get', '/evals/{eval}/runs'],
      ['delete', '/evals/{eval}'],
    ],
  },
  {
    name: 'eval run',
    needs: ['eval'],
    made: [
      'post',
      '/evals/{eval}/runs',
      { data_source: { type: 'jsonl', source: { type: 'file_content', content: [] } } },
    ],
    listed: '/evals/{eval}/runs',
    used: [
      ['get', '/evals/{eval}/runs/{eval run}'],
      ['get', '/evals/{eval}/runs/{eval run}/output_items'],
      ['post', '/evals/{eval}/runs/{eval run}/cancel'],
      ['delete', '/evals/{eval}/runs/{eval run}'],
    ],
  },
  {
    name: 'video',
    made: ['post', '/videos', { prompt: 'x' }],
    listed: '/videos',
    used: [
      ['get', '/videos/{video}'],
      ['get', '/videos/{video}/content'],
      ['post', '/videos/{video}/remix', { prompt: 'y' }],
      ['post', '/videos/edits', { prompt: 'x', video: { id: '{video}' } }],
      ['post', '/videos/extensions', new Form({ prompt: 'x', 'video[id]': '{video}' })],
      ['delete', '/videos/{video}'],
    ],
  },
  {
    name: 'remixed video',
    needs: ['video'],
    made: ['post', '/videos/{video}/remix', { prompt: 'y' }],
    used: [['get', '/videos/{remixed video}']],
  },
  {
    name: 'character',
    made: ['post', '/videos/characters', new Form({ name: 'x', video: blob })],
    used: [
      ['get', '/videos/characters/{character}'],
      ['post', '/videos', { prompt: 'x', characters: [{ id: '{character}' }] }],
    ],
  },
  {
    name: 'skill',
    made: ['post', '/skills', new Form({ files: blob })],
    listed: '/skills',
    used: [
      ['get', '/skills/{skill}'],
      ['get', '/skills/{skill}/content'],
      ['post', '/skills/{skill}', { default_version: '1' }],
      ['post', '/skills/{skill}/versions', new Form({ files: blob })],
      ['get', '/skills/{skill}/versions'],
      ['get', '/skills/{skill}/versions/1'],
      ['get', '/skills/{skill}/versions/1/content'],
      tool({
        type: 'shell',
        environment: { type: 'container_auto', skills: [{ type: 'skill_reference', skill_id: '{skill}' }] },
      }),
      ['post', '/containers', { name: 'c', skills: [{ type: 'skill_reference', skill_id: '{skill}' }] }],
      ['delete', '/skills/{skill}/versions/1'],
      ['delete', '/skills/{skill}'],
    ],
  },
  {
    name: 'consent',
    made: ['post', '/audio/voice_consents', new Form({ name: 'x', recording: blob })],
    listed: '/audio/voice_consents',
    used: [
      ['get', '/audio/voice_consents/{consent}'],
      ['post', '/audio/voices', new Form({ name: 'x', consent: '{consent}', audio_sample: blob })],
      ['delete', '/audio/voice_consents/{consent}'],
    ],
  },
  {
    name: 'voice',
    made: ['post', '/audio/voices', new Form({ name: 'x', audio_sample: blob })],
    used: [
      ['post', '/audio/speech', { model, input: 'x', voice: { id: '{voice}' } }],
      ['post', '/audio/speech', { model, input: 'x', voice: '{voice}' }],
      chats({ modalities: ['text', 'audio'], audio: { format: 'wav', voice: { id: '{voice}' } } }),
      ['post', '/realtime/client_secrets', { session: { audio: { output: { voice: { id: '{voice}' } } } } }],
      ['delete', '/audio/voices/{voice}'],
    ],
  },
  {
    name: 'live session',
    made: ['post', '/live/sessions', { model }],
    used: [
      ['post', '/live/sessions/{live session}/accept', {}],
      ['post', '/live/sessions/{live session}/fork', {}],
      ['get', '/live/sessions/{live session}/content'],
      ['post', '/live/sessions/{live session}/hangup'],
    ],
  },
  {
    name: 'fork',
    needs: ['live session'],
    made: ['post', '/live/sessions/{live session}/fork', {}],
    id: 'session.id',
    used: [['post', '/live/sessions/{fork}/hangup']],
  },
  {
    name: 'chat session',
    made: ['post', '/chatkit/sessions', { user: 'u', workflow: { id: 'wf_1' } }],
    used: [['post', '/chatkit/sessions/{chat session}/cancel']],
  },
  {
    name: 'agent',
    made: ['post', '/agents', { name: 'a', model }],
    listed: '/agents',
    used: [
      ['get', '/agents/{agent}'],
      ['post', '/agents/{agent}', { name: 'b' }],
      ['post', '/agents/sessions', { agent_id: '{agent}' }],
      ['get', '/agents/sessions', undefined, { agent_id: '{agent}' }],
      ['post', '/agents/automations', { target: { type: 'new_session', agent_id: '{agent}' } }],
      ['delete', '/agents/{agent}'],
    ],
  },
  {
    name: 'session',
    made: ['post', '/agents/sessions', { agent: { model } }],
    listed: '/agents/sessions',
    used: [
      ['get', '/agents/sessions/{session}'],
      ['post', '/agents/sessions/{session}', { metadata: {} }],
      ['post', '/agents/sessions/{session}/events', { type: 'agent.session.input.cancel' }],
      ['get', '/agents/sessions/{session}/items'],
      ['get', '/agents/sessions/{session}/turns'],
      ['get', '/agents/sessions/{session}/subagents'],
      ['get', '/agents/sessions/{session}/artifacts'],
      ['get', '/agents/sessions/{session}/traces'],
      ['post', '/agents/automations', { target: { type: 'existing_session', session_id: '{session}' } }],
      ['get', '/agents/automations', undefined, { session_id: '{session}' }],
      ['delete', '/agents/sessions/{session}'],
    ],
  },
  {
    name: 'environment',
    made: ['post', '/agents/environments', { environment: { type: 'openai_hosted' } }],
    listed: '/agents/environments',
    used: [
      ['get', '/agents/environments/{environment}'],
      ['get', '/agents/environments/{environment}/files'],
      ['post', '/agents/sessions', { environment: { type: 'openai_hosted', environment_id: '{environment}' } }],
    ],
  },
  {
    name: 'template',
    made: ['post', '/agents/environments/templates', { name: 't' }],
    listed: '/agents/environments/templates',
    used: [
      ['get', '/agents/environments/templates/{template}'],
      ['post', '/agents/environments/templates/{template}', { name: 'u' }],
      ['post', '/agents/environments', { environment: { environment_template_id: '{template}' } }],
      ['post', '/agents/sessions', { environment: { environment_template_id: '{template}' } }],
      ['delete', '/agents/environments/templates/{template}'],
    ],
  },
  {
    name: 'automation',
    made: ['post', '/agents/automations', { name: 'a' }],
    listed: '/agents/automations',
    used: [
      ['get', '/agents/automations/{automation}'],
      ['post', '/agents/automations/{automation}', { name: 'b' }],
      ['post', '/agents/automations/{automation}/pause'],
      ['post', '/agents/automations/{automation}/resume'],
      ['post', '/agents/automations/{automation}/invocations'],
      ['delete', '/agents/automations/{automation}'],
    ],
  },
  {
    name: 'invocation',
    needs: ['automation'],
    made: ['post', '/agents/automations/{automation}/invocations'],
    listed: '/agents/automations/{automation}/invocations',
    used: [['get', '/agents/automations/{automation}/invocations/{invocation}']],
  },
  {
    name: 'vault',
    made: ['post', '/vaults', { name: 'v' }],
    listed: '/vaults',
    used: [
      ['get', '/vaults/{vault}'],
      ['post', '/vaults/{vault}', { name: 'w' }],
      ['get', '/vaults/{vault}/credentials'],
      ['post', '/agents/sessions', { vault_ids: ['{vault}'] }],
      ['post', '/agents/environments', { vault_ids: ['{vault}'] }],
      ['delete', '/vaults/{vault}'],
    ],
  },
  {
    name: 'credential',
    needs: ['vault'],
    made: ['post', '/vaults/{vault}/credentials', { name: 'c' }],
    listed: '/vaults/{vault}/credentials',
    used: [
      ['get', '/vaults/{vault}/credentials/{credential}'],
      ['post', '/agents', { tools: [{ type: 'mcp', credential_id: '{credential}' }] }],
      ['delete', '/vaults/{vault}/credentials/{credential}'],
    ],
  },
  {
    name: 'webhook endpoint',
    made: ['post', '/webhook_endpoints', { url: 'https://x' }],
    listed: '/webhook_endpoints',
    used: [
      ['get', '/webhook_endpoints/{webhook endpoint}'],
      ['post', '/webhook_endpoints/{webhook endpoint}/rotate_secret'],
      ['post', '/webhook_endpoints/{webhook endpoint}/test'],
      ['delete', '/webhook_endpoints/{webhook endpoint}'],
    ],
  },
];

/** Ids by the names of their rows. */
export type Ids = Readonly<Record<string, string>>;

/** What of a client the rows need. */
export interface RawClient {
  get(path: string, options?: { query?: Record<string, string> }): PromiseLike<unknown>;
  post(path: string, options?: { body?: unknown }): PromiseLike<unknown>;
  delete(path: string): PromiseLike<unknown>;
}

function filled(value: unknown, ids: Ids): unknown {
  if (typeof value === 'string') return value.replaceAll(/\{([a-z ]+)\}/g, (text, name: string) => ids[name] ?? text);
  if (value instanceof Form) {
    const form = new FormData();
    for (const [name, field] of Object.entries(value.fields)) form.append(name, filled(field, ids) as string);
    return form;
  }
  if (Array.isArray(value)) return value.map((each) => filled(each, ids));
  if (typeof value !== 'object' || value === null || value instanceof Blob) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, ids)]));
}

/** Makes one call of the table. */
export async function take(client: RawClient, [verb, path, body, query]: Step, ids: Ids): Promise<unknown> {
  const to = path.replaceAll(/\{([a-z ]+)\}/g, (_, name: string) => encodeURIComponent(ids[name] as string));
  const sent = body === undefined ? {} : { body: filled(body, ids) };
  const filter = query === undefined ? {} : { query: filled(query, ids) as Record<string, string> };
  const reply = verb === 'delete' ? client.delete(to) : verb === 'get' ? client.get(to, filter) : client.post(to, sent);
  return await reply;
}

/** Makes the object, and before it all that it needs. @returns the ids of all of them. */
export async function make(client: RawClient, name: string, made: Ids = {}): Promise<Ids> {
  if (name in made) return made;
  const row = STATEFUL_OBJECTS.find((each) => each.name === name);
  if (!row) throw new TypeError(`No object is called ${name}.`);
  let ids = made;
  for (const need of row.needs ?? []) ids = await make(client, need, ids);
  const reply = await take(client, row.made, ids);
  const at = (value: unknown, field: string) => (value as Record<string, unknown>)[field];
  return { ...ids, [name]: (row.id ?? 'id').split('.').reduce(at, reply) as string };
}
