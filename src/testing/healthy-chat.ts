/**
 * Healthy answers of `/chat/completions` and `/completions`, plain and streamed.
 */
import { isObject } from './check.ts';
import { type Ask, epochSeconds, fieldsOf, frame, json, type Reply, textPieces, tokens, wantsStream } from './reply.ts';
import { sample } from './sample.ts';

/** The answer of a chat completion; stored when the body says `store: true`. */
export function chatCompletion(ask: Ask): Reply {
  const body = fieldsOf(ask);
  const base = {
    id: ask.shelf.newId('chatcmpl-'),
    created: epochSeconds(),
    model: ask.request.model ?? 'unknown',
    system_fingerprint: ask.server,
    service_tier: 'default',
  };
  const pieces = textPieces(ask, wantedText(body.response_format) ?? `Hello from ${ask.server}.`);
  const calls = ask.options.toolCalls?.map((call, index) => ({
    index,
    id: `call_${ask.server}_${ask.request.number}_${index}`,
    type: 'function',
    function: { name: call.name, arguments: asText(call.arguments ?? {}) },
  }));
  const { finishReason = calls ? 'tool_calls' : 'stop' } = ask.options;
  const usage = usageOf(body.messages, calls ?? pieces.join(''));
  if (wantsStream(ask)) {
    const chunk = (delta: object, finish_reason: string | null = null) =>
      frame({
        ...base,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      });
    const content = calls
      ? calls.flatMap((call) => [
          chunk({ tool_calls: [{ ...call, function: { name: call.function.name, arguments: '' } }] }),
          chunk({ tool_calls: [{ index: call.index, function: { arguments: call.function.arguments } }] }),
        ])
      : pieces.map((piece) => chunk({ content: piece }));
    const asksUsage = isObject(body.stream_options) && body.stream_options.include_usage === true;
    const last = asksUsage ? [frame({ ...base, object: 'chat.completion.chunk', choices: [], usage })] : [];
    return {
      is: 'events',
      preamble: [chunk({ role: 'assistant', content: calls ? null : '', refusal: null })],
      content,
      ending: [...(finishReason === null ? [] : [chunk({}, finishReason)]), ...last, frame('[DONE]')],
    };
  }
  const text = calls ? null : pieces.join('');
  const tool_calls = calls?.map(({ index: _, ...call }) => call);
  const message = {
    role: 'assistant',
    content: text,
    refusal: null,
    annotations: [],
    ...(tool_calls && { tool_calls }),
  };
  const n = typeof body.n === 'number' ? body.n : 1;
  const choices = Array.from({ length: n }, (_, index) => ({
    index,
    message,
    logprobs: null,
    finish_reason: finishReason,
  }));
  const completion = { ...base, object: 'chat.completion', choices, usage };
  if (body.store === true) ask.shelf.put('chat/completions', { ...completion, metadata: body.metadata ?? {} });
  return json(completion);
}

/** The answer of a legacy completion. */
export function legacyCompletion(ask: Ask): Reply {
  const base = {
    id: ask.shelf.newId('cmpl-'),
    object: 'text_completion',
    created: epochSeconds(),
    model: ask.request.model ?? 'unknown',
    system_fingerprint: ask.server,
  };
  const pieces = textPieces(ask, `Hello from ${ask.server}.`);
  const { finishReason = 'stop' } = ask.options;
  const choice = (text: string, finish_reason: string | null) => [{ index: 0, text, logprobs: null, finish_reason }];
  if (!wantsStream(ask)) {
    const text = pieces.join('');
    return json({ ...base, choices: choice(text, finishReason), usage: usageOf(fieldsOf(ask).prompt, text) });
  }
  return {
    is: 'events',
    preamble: [],
    content: pieces.map((piece) => frame({ ...base, choices: choice(piece, null) })),
    ending: [
      ...(finishReason === null ? [] : [frame({ ...base, choices: choice('', finishReason) })]),
      frame('[DONE]'),
    ],
  };
}

/** JSON that fits the schema asked for, when the caller wants structured output. */
export function wantedText(format: unknown): string | undefined {
  if (!isObject(format)) return undefined;
  if (format.type === 'json_object') return '{}';
  if (format.type !== 'json_schema') return undefined;
  const schema = isObject(format.json_schema) ? format.json_schema.schema : format.schema;
  return JSON.stringify(sample(schema));
}

/** Arguments of a tool call as the API sends them: a JSON text. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function usageOf(prompt: unknown, completion: unknown) {
  const prompt_tokens = tokens(prompt ?? '');
  const completion_tokens = tokens(completion);
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}
