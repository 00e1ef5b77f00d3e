// Healthy streams as they came over the wire, to be cut at every byte: what each byte means is known from the recording itself.
import type OpenAI from 'openai';
import type { LoadBalancedOpenAI } from '../../../src/index.ts';
import { faultServer, type StreamStep } from '../../../src/testing/index.ts';

/** Any stream of the SDK. */
export type AnyStream = AsyncIterable<unknown> & { controller: AbortController; toReadableStream(): ReadableStream };

/** A kind of stream: how it is asked for, and what its events say. */
export interface Kind {
  readonly kind: string;
  readonly path: string;
  /** The body that asks for it; the prompt names the call, so that the server knows which one it is. */
  body(prompt: string): { model: string; stream: true };
  open(client: LoadBalancedOpenAI, prompt: string): PromiseLike<AnyStream>;
  /** What an event adds to the answer. */
  text(event: unknown): string;
  /** True when the answer is complete with this event. */
  ends(event: unknown): boolean;
  /** The answer of the server of this name. */
  answer(server: string): StreamStep;
  /** Frames that come before what the server says. */
  readonly before?: string;
}

/** A recorded stream. */
export interface Recording {
  readonly kind: Kind;
  /** The whole of it, as it came. */
  readonly wire: string;
  readonly length: number;
  /** What each event says, and the byte after it. */
  readonly events: readonly { readonly text: string; readonly end: number }[];
  readonly text: string;
}

type Chunk = OpenAI.Chat.ChatCompletionChunk;
type Params = OpenAI.Chat.ChatCompletionCreateParamsStreaming;

/** Words that look like parts of the wire format, and characters of several bytes. */
const words = (server: string) => `${server}1 data: [DONE]\n\ndata: [DONE] Ä😀 ${server}2 \r\n: ${server}3`;

const chatBody = (prompt: string): Params => ({
  model: 'gpt-5',
  stream: true,
  messages: [{ role: 'user', content: prompt }],
});
const openChat: Kind['open'] = (client, prompt) => client.chat.completions.create(chatBody(prompt));

const chat: Omit<Kind, 'kind' | 'answer'> = {
  path: '/chat/completions',
  body: chatBody,
  open: openChat,
  text: (event) => (event as Chunk).choices[0]?.delta.content ?? '',
  ends: (event) => Boolean((event as Chunk).choices[0]?.finish_reason),
};

const filtered = {
  choices: [],
  created: 0,
  id: '',
  model: '',
  object: '',
  prompt_filter_results: [{ prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } }],
};

/** The kinds that are cut. */
export const KINDS: readonly Kind[] = [
  { ...chat, kind: 'chat', answer: (server) => ({ stream: 3, text: words(server) }) },
  {
    ...chat,
    kind: 'chat of Azure',
    before: `data: ${JSON.stringify(filtered)}\n\n`,
    answer: (server) => ({ stream: 2, text: words(server) }),
  },
  {
    ...chat,
    kind: 'tool calls',
    text: (event) =>
      ((event as Chunk).choices[0]?.delta.tool_calls ?? [])
        .map((call) => `${call.function?.name ?? ''}${call.function?.arguments ?? ''}`)
        .join(''),
    answer: (server) => ({
      stream: 4,
      toolCalls: [
        { name: `look_${server}`, arguments: { at: words(server) } },
        { name: 'then', arguments: { by: server } },
      ],
    }),
  },
  {
    kind: 'responses',
    path: '/responses',
    body: (input) => ({ model: 'gpt-5', stream: true, input, store: false }) as const,
    open: (client, input) => client.responses.create({ model: 'gpt-5', stream: true, input, store: false }),
    text: (event) => {
      const { type, delta } = event as { type: string; delta?: string };
      return type === 'response.output_text.delta' ? (delta ?? '') : '';
    },
    ends: (event) => (event as { type: string }).type === 'response.completed',
    answer: (server) => ({ stream: 2, text: words(server) }),
  },
  {
    kind: 'completions',
    path: '/completions',
    body: (prompt) => ({ model: 'gpt-5', stream: true, prompt }) as const,
    open: (client, prompt) => client.completions.create({ model: 'gpt-5', stream: true, prompt }),
    text: (event) => (event as OpenAI.Completion).choices[0]?.text ?? '',
    ends: (event) => Boolean((event as OpenAI.Completion).choices[0]?.finish_reason),
    answer: (server) => ({ stream: 3, text: words(server) }),
  },
];

/** What the server of this name answers, as it goes over the wire. */
export async function record(kind: Kind, name: string): Promise<Recording> {
  await using server = await faultServer({ name, script: kind.answer(name) });
  const body = JSON.stringify(kind.body('record'));
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${server.url}${kind.path}`, { method: 'POST', headers, body });
  const wire = (kind.before ?? '') + (await response.text());
  let end = 0;
  const events = wire.split(/(?<=\n\n)/).map((frame) => {
    end += Buffer.byteLength(frame);
    const data = /^data: (.*)$/m.exec(frame)?.[1] ?? '';
    return { text: data === '[DONE]' ? '' : kind.text(JSON.parse(data)), end };
  });
  const text = events.map((event) => event.text).join('');
  return { kind, wire, length: end, events, text };
}
