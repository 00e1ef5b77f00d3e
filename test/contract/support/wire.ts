// The bodies an OpenAI-compatible upstream answers with: one function per object, nothing clever.

/** A chat completion with one choice. */
export const chatCompletion = (model: unknown, content: string, message: object = {}, finish = 'stop') => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content, refusal: null, ...message },
      logprobs: null,
      finish_reason: finish,
    },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
});

/** One chunk of a streamed chat completion. */
export const chatChunk = (model: unknown, delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model,
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
});

/** The end marker of a chat stream. */
export const DONE = 'data: [DONE]\n\n';

/** A whole streamed chat completion: role, words, finish, usage, end. */
export const chatChunks = (model: unknown, words: readonly string[]): unknown[] => [
  chatChunk(model, { role: 'assistant', content: '', refusal: null }),
  ...words.map((content) => chatChunk(model, { content })),
  chatChunk(model, {}, 'stop'),
  { ...chatChunk(model, {}), choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
  DONE,
];

/** A tool call as a chat message carries it. */
export const toolCall = (name: string, args: object) => ({
  id: 'call_1',
  type: 'function',
  function: { name, arguments: JSON.stringify(args) },
});

/** A streamed chat completion that calls a tool. */
export const toolCallChunks = (model: unknown, name: string, args: object): unknown[] => [
  chatChunk(model, { role: 'assistant', content: null }),
  chatChunk(model, { tool_calls: [{ index: 0, ...toolCall(name, {}), function: { name, arguments: '' } }] }),
  chatChunk(model, { tool_calls: [{ index: 0, function: { arguments: JSON.stringify(args) } }] }),
  chatChunk(model, {}, 'tool_calls'),
  DONE,
];

/** A finished Response object whose output is one message. */
export const responseObject = (id: string, model: unknown, text: string, status = 'completed') => ({
  id,
  object: 'response',
  created_at: 1_700_000_000,
  status,
  error: null,
  incomplete_details: null,
  instructions: null,
  metadata: {},
  model,
  output: status === 'in_progress' ? [] : [messageItem(text)],
  parallel_tool_calls: true,
  temperature: 1,
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  usage: {
    input_tokens: 3,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 2,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 5,
  },
});

const messageItem = (text: string, status = 'completed') => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status,
  content: status === 'completed' ? [{ type: 'output_text', text, annotations: [] }] : [],
});

/** A whole streamed Response. */
export const responseEvents = (id: string, model: unknown, words: readonly string[]): unknown[] => {
  const text = words.join('');
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const part = (said: string) => ({ type: 'output_text', text: said, annotations: [] });
  return [
    { type: 'response.created', response: responseObject(id, model, '', 'in_progress') },
    { type: 'response.in_progress', response: responseObject(id, model, '', 'in_progress') },
    { type: 'response.output_item.added', output_index: 0, item: messageItem('', 'in_progress') },
    { type: 'response.content_part.added', ...at, part: part('') },
    ...words.map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
    { type: 'response.output_text.done', ...at, text },
    { type: 'response.content_part.done', ...at, part: part(text) },
    { type: 'response.output_item.done', output_index: 0, item: messageItem(text) },
    { type: 'response.completed', response: responseObject(id, model, text) },
  ].map((event, sequence_number) => ({ ...event, sequence_number }));
};

/** An assistants run. */
export const run = (id: string, thread: string, status: string) => ({
  id,
  object: 'thread.run',
  created_at: 1_700_000_000,
  thread_id: thread,
  assistant_id: 'asst_1',
  status,
  required_action: null,
  model: 'gpt-5',
  instructions: '',
  tools: [],
  metadata: {},
});

/** A streamed assistants run, in the framing of that API: the event's name beside the bare object. */
export const runEvents = (thread: string, words: readonly string[]): unknown[] => {
  const named = (event: string, data: unknown) =>
    `event: ${event}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
  const message = (status: string, text: string) => ({
    id: 'msg_1',
    object: 'thread.message',
    created_at: 1_700_000_000,
    thread_id: thread,
    status,
    role: 'assistant',
    content: text ? [{ type: 'text', text: { value: text, annotations: [] } }] : [],
    metadata: {},
  });
  const delta = (value: string) => ({
    id: 'msg_1',
    object: 'thread.message.delta',
    delta: { content: [{ index: 0, type: 'text', text: { value, annotations: [] } }] },
  });
  return [
    named('thread.run.created', run('run_1', thread, 'queued')),
    named('thread.run.in_progress', run('run_1', thread, 'in_progress')),
    named('thread.message.created', message('in_progress', '')),
    ...words.map((word) => named('thread.message.delta', delta(word))),
    named('thread.message.completed', message('completed', words.join(''))),
    named('thread.run.completed', run('run_1', thread, 'completed')),
    named('done', '[DONE]'),
  ];
};

/** An API error body. */
export const apiError = (message: string, fields: Record<string, unknown> = {}) => ({
  error: { message, type: 'invalid_request_error', param: null, code: null, ...fields },
});
