/** A chat completion as a message. Pure. */
import { endOf, messageUsage } from './message-end.ts';
import { isObject, type Loose } from './read-fields.ts';

/** The arguments of a call as an object; those that are none are kept as a text, for the tool to complain of. */
export function inputOf(text: unknown): Loose {
  if (typeof text !== 'string' || text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : { value };
  } catch {
    return { arguments: text };
  }
}

/** What a content says as text: a text, or parts. */
function said(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('');
}

/** The message of a completion. @param id the message's. @param model as asked for, where the completion names none. */
export function messageOf(completion: Loose, id: string, model: string): Loose {
  const choice: unknown = Array.isArray(completion.choices) ? completion.choices[0] : undefined;
  const chosen = isObject(choice) ? choice : {};
  const message = isObject(chosen.message) ? chosen.message : {};
  const refused = typeof message.refusal === 'string' && message.refusal !== '';
  const text = said(message.content) + (refused ? message.refusal : '');
  const calls = (Array.isArray(message.tool_calls) ? message.tool_calls : []).filter(isObject);
  const uses = calls.map((call, index) => {
    const { name, arguments: input } = (isObject(call.function) ? call.function : {}) as Loose;
    return { type: 'tool_use', id: call.id || `${id}_${index}`, name: String(name ?? ''), input: inputOf(input) };
  });
  return {
    id,
    type: 'message',
    role: 'assistant',
    model: typeof completion.model === 'string' ? completion.model : model,
    content: [...(text === '' ? [] : [{ type: 'text', text, citations: null }]), ...uses],
    ...endOf(chosen, uses.length > 0, refused),
    usage: messageUsage(completion.usage),
  };
}
