/**
 * A conversation of the Messages API as chat messages. Results of tools stand in the user's message there and in messages of their
 * own here; and chat has images in the user's messages only, so those of results follow there. Pure.
 */
import { type Block, blocksOf, type ChatPart, partOf, plainText, textOf, untranslatable } from './chat-content.ts';
import { listAt, objectAt, textAt, wrongField } from './read-fields.ts';

/** A call of a tool in a chat message. */
export interface ChatToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A chat message. */
export type ChatMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: string | readonly ChatPart[] }
  | { readonly role: 'assistant'; readonly content: string | null; readonly tool_calls?: readonly ChatToolCall[] }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly content: string };

/** What the model thought is signed by who thought it: nobody else can use it. */
const THOUGHTS = new Set(['thinking', 'redacted_thinking']);

function resultOf({ fields, path }: Block): { message: ChatMessage; images: ChatPart[] } {
  const id = textAt(fields.tool_use_id, `${path}.tool_use_id`);
  const parts = fields.content === undefined ? [] : blocksOf(fields.content, `${path}.content`).map(partOf);
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  const images = parts.filter(({ type }) => type === 'image_url');
  if (images.length > 0) texts.push(`(${images.length === 1 ? 'An image' : `${images.length} images`} below.)`);
  const content = `${fields.is_error === true ? 'Error: ' : ''}${texts.join('\n')}`;
  const label: ChatPart = { type: 'text', text: `Of the result of ${id}:` };
  return {
    message: { role: 'tool', tool_call_id: id, content },
    images: images.length > 0 ? [label, ...images] : [],
  };
}

function ofUser(blocks: readonly Block[]): ChatMessage[] {
  const results = blocks.filter(({ type }) => type === 'tool_result').map(resultOf);
  const own = blocks.filter(({ type }) => type !== 'tool_result').map(partOf);
  const parts = [...results.flatMap(({ images }) => images), ...own];
  const [first] = parts;
  // Results come right behind the calls they answer, or the endpoint refuses them.
  const messages = results.map(({ message }) => message);
  if (!first) return messages;
  const content = parts.length === 1 && first.type === 'text' ? first.text : parts;
  return [...messages, { role: 'user', content }];
}

function callOf({ fields, path }: Block): ChatToolCall {
  const input = objectAt(fields.input ?? {}, `${path}.input`);
  return {
    id: textAt(fields.id, `${path}.id`),
    type: 'function',
    function: { name: textAt(fields.name, `${path}.name`), arguments: JSON.stringify(input) },
  };
}

function ofAssistant(blocks: readonly Block[]): ChatMessage[] {
  const said = blocks.filter(({ type }) => !THOUGHTS.has(type));
  for (const block of said) if (block.type !== 'text' && block.type !== 'tool_use') throw untranslatable(block);
  const texts = said.filter(({ type }) => type === 'text').map(textOf);
  const calls = said.filter(({ type }) => type === 'tool_use').map(callOf);
  if (texts.length === 0 && calls.length === 0) return [];
  const content = texts.length === 0 ? null : texts.join('');
  return [{ role: 'assistant', content, ...(calls.length > 0 && { tool_calls: calls }) }];
}

function ofMessage(value: unknown, path: string): ChatMessage[] {
  const { role, content } = objectAt(value, path);
  const at = `${path}.content`;
  if (role === 'user') return ofUser(blocksOf(content, at));
  if (role === 'assistant') return ofAssistant(blocksOf(content, at));
  if (role === 'system') return [{ role, content: plainText(content, at, '\n\n') }];
  throw wrongField(`${path}.role`, "Input should be 'user' or 'assistant'");
}

/** The whole conversation, the system's words first. @throws Refused for what chat has no words for. */
export function chatMessages(system: unknown, messages: unknown): ChatMessage[] {
  const words = system === undefined || system === null ? '' : plainText(system, 'system', '\n\n');
  const list = listAt(messages, 'messages');
  if (list.length === 0) throw wrongField('messages', 'at least one message is required');
  const talk = list.flatMap((message, index) => ofMessage(message, `messages.${index}`));
  return words === '' ? talk : [{ role: 'system', content: words }, ...talk];
}
