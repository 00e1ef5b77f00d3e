/** An estimate of a call's tokens, for endpoints that count none before they answer. Pure. */
import { chatMessages } from './chat-messages.ts';
import { chatTools } from './chat-tools.ts';
import type { Loose } from './read-fields.ts';

/** Bytes per token, as the pool counts them everywhere. */
const BYTES_PER_TOKEN = 4;
/** A large image; smaller ones take less. */
const PER_IMAGE = 1_600;
/** What stands around a message. */
const PER_MESSAGE = 4;

const bytesOf = (text: string) => Buffer.byteLength(text);

/** About how many tokens a call holds. @throws Refused for what an OpenAI endpoint would not get either. */
export function estimatedTokens(call: Loose): number {
  const messages = chatMessages(call.system, call.messages);
  const { tools } = chatTools(call.tools, undefined);
  let bytes = tools === undefined ? 0 : bytesOf(JSON.stringify(tools));
  let tokens = messages.length * PER_MESSAGE;
  for (const message of messages) {
    if ('tool_calls' in message && message.tool_calls)
      for (const { function: called } of message.tool_calls) bytes += bytesOf(called.name) + bytesOf(called.arguments);
    const { content } = message;
    if (typeof content === 'string') bytes += bytesOf(content);
    else
      for (const part of content ?? []) {
        if (part.type === 'text') bytes += bytesOf(part.text);
        else tokens += PER_IMAGE;
      }
  }
  return tokens + Math.ceil(bytes / BYTES_PER_TOKEN);
}
