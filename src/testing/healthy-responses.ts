/**
 * Healthy answers of `POST /responses`, plain and streamed; responses are stored unless the body says `store: false`.
 */
import { isObject } from './check.ts';
import { asText, wantedText } from './healthy-chat.ts';
import {
  type Ask,
  epochSeconds,
  fieldsOf,
  frame,
  json,
  type Reply,
  refusal,
  textPieces,
  tokens,
  wantsStream,
} from './reply.ts';

/** The answer of the Responses API. */
export function response(ask: Ask): Reply {
  const body = fieldsOf(ask);
  const previous = body.previous_response_id;
  if (typeof previous === 'string' && !ask.shelf.get('responses', previous))
    return refusal(400, `Previous response with id '${previous}' not found.`, {
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
  const conversation = isObject(body.conversation) ? body.conversation.id : body.conversation;
  if (typeof conversation === 'string' && !ask.shelf.get('conversations', conversation))
    return refusal(404, `Conversation with id '${conversation}' not found.`);

  const foreign = itemsOf(body).find((item) => typeof item.encrypted_content === 'string' && !isOurs(item, ask));
  if (foreign)
    return refusal(400, `The encrypted content of item ${String(foreign.id)} could not be verified.`, {
      code: 'invalid_encrypted_content',
    });
  const format = isObject(body.text) ? body.text.format : undefined;
  const pieces = textPieces(ask, wantedText(format) ?? `Hello from ${ask.server}.`);
  const output = [...workOf(ask, body), ...outputOf(ask, pieces.join(''))];
  const started = {
    id: ask.shelf.newId('resp_'),
    object: 'response',
    created_at: epochSeconds(),
    status: 'in_progress',
    background: body.background ?? false,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: { ...(isObject(body.metadata) ? body.metadata : {}), served_by: ask.server },
    model: ask.request.model ?? 'unknown',
    output: [] as unknown[],
    parallel_tool_calls: true,
    previous_response_id: previous ?? null,
    store: body.store ?? true,
    temperature: 1,
    text: body.text ?? { format: { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_p: 1,
    ...(conversation !== undefined && { conversation: { id: conversation } }),
    usage: null as unknown,
  };
  const completed = { ...started, status: 'completed', output, usage: usageOf(body.input, output) };
  if (body.store !== false) ask.shelf.put('responses', completed);
  if (!wantsStream(ask)) return json(body.background === true ? { ...started, status: 'queued' } : completed);
  return { is: 'events', ...eventsOf(started, completed, pieces) };
}

/** A conversation made smaller: an item that only this server can read. */
export function compaction(ask: Ask): Reply {
  const output = [{ id: ask.shelf.newId('cmp_'), type: 'compaction', encrypted_content: sealed(ask) }];
  const usage = usageOf(fieldsOf(ask).input, output);
  return json({
    id: ask.shelf.newId('resp_'),
    object: 'response.compaction',
    created_at: epochSeconds(),
    output,
    usage,
  });
}

type Item = { id: string; type: string; [field: string]: unknown };

/** What nobody else can read: begins as such texts do in life, and names the server. */
const sealed = ({ server, shelf }: Ask) =>
  `gAAAAAB${Buffer.from(`${shelf.newId(`sealed by ${server} `)} ${'.'.repeat(300)}`).toString('base64url')}`;

const isOurs = ({ encrypted_content: text }: Record<string, unknown>, { server }: Ask) =>
  Buffer.from(String(text).slice(7), 'base64url').toString().startsWith(`sealed by ${server} `);

const itemsOf = ({ input }: Record<string, unknown>) => (Array.isArray(input) ? input.filter(isObject) : []);

/** What was done before the answer: thinking, when its encrypted form was asked for, and code in a container. */
function workOf(ask: Ask, { include, tools }: Record<string, unknown>): Item[] {
  const work: Item[] = [];
  if (Array.isArray(include) && include.includes('reasoning.encrypted_content'))
    work.push({ id: ask.shelf.newId('rs_'), type: 'reasoning', summary: [], encrypted_content: sealed(ask) });
  const interpreter = Array.isArray(tools)
    ? tools.find((tool) => isObject(tool) && tool.type === 'code_interpreter')
    : undefined;
  if (interpreter) {
    const given: unknown = interpreter.container;
    const container_id = typeof given === 'string' ? given : ask.shelf.newId('cntr_');
    if (container_id !== given)
      ask.shelf.put('containers', { id: container_id, object: 'container', status: 'running', name: 'auto' });
    const code = { code: 'print(1)', container_id, outputs: null };
    work.push({ id: ask.shelf.newId('ci_'), type: 'code_interpreter_call', status: 'completed', ...code });
  }
  return work;
}

function outputOf(ask: Ask, text: string): Item[] {
  if (ask.options.toolCalls)
    return ask.options.toolCalls.map((call, i) => ({
      id: ask.shelf.newId('fc_'),
      type: 'function_call',
      status: 'completed',
      call_id: `call_${ask.server}_${ask.request.number}_${i}`,
      name: call.name,
      arguments: asText(call.arguments ?? {}),
    }));
  const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }];
  return [{ id: ask.shelf.newId('msg_'), type: 'message', status: 'completed', role: 'assistant', content }];
}

/** The message item opens together with its first delta: it is content, so a fault "after 0 events" comes before it. */
function eventsOf(started: object, completed: { output: Item[] }, pieces: string[]) {
  let sequence_number = 0;
  const event = (type: string, rest: object) => frame({ type, ...rest, sequence_number: sequence_number++ }, type);
  const preamble = [
    event('response.created', { response: started }),
    event('response.in_progress', { response: started }),
  ];
  const content: string[] = [];
  const closing: string[] = [];
  completed.output.forEach((item, output_index) => {
    const at = { item_id: item.id, output_index };
    if (item.type === 'reasoning' || item.type === 'code_interpreter_call') {
      const begun = { ...item, ...(item.type === 'reasoning' && { encrypted_content: '' }) };
      preamble.push(
        event('response.output_item.added', { output_index, item: begun }),
        event('response.output_item.done', { output_index, item }),
      );
      return;
    }
    if (item.type === 'function_call') {
      const empty = { ...item, status: 'in_progress', arguments: '' };
      content.push(
        event('response.output_item.added', { output_index, item: empty }),
        event('response.function_call_arguments.delta', { ...at, delta: item.arguments }),
        event('response.function_call_arguments.done', { ...at, name: item.name, arguments: item.arguments }),
        event('response.output_item.done', { output_index, item }),
      );
      return;
    }
    const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    const place = { ...at, content_index: 0 };
    const text = pieces.join('');
    const opening =
      event('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', content: [] } }) +
      event('response.content_part.added', { ...place, part });
    const deltas = pieces.map((delta) => event('response.output_text.delta', { ...place, delta, logprobs: [] }));
    if (deltas.length === 0) closing.push(opening);
    content.push(...deltas.map((delta, i) => (i === 0 ? opening + delta : delta)));
    closing.push(
      event('response.output_text.done', { ...place, text, logprobs: [] }),
      event('response.content_part.done', { ...place, part: { ...part, text } }),
      event('response.output_item.done', { output_index, item }),
    );
  });
  return { preamble, content, ending: [...closing, event('response.completed', { response: completed })] };
}

/** An item's bare text becomes a list of parts, as the API keeps it. */
export function inParts(item: { readonly [field: string]: unknown }): object {
  if (typeof item.content !== 'string') return item;
  const type = item.role === 'assistant' ? 'output_text' : 'input_text';
  return { ...item, content: [{ type, text: item.content }] };
}

function usageOf(input: unknown, output: unknown) {
  const input_tokens = tokens(input ?? '');
  const output_tokens = tokens(output);
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input_tokens + output_tokens,
  };
}
