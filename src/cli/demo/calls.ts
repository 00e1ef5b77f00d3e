/**
 * The calls of the demo: what an application sends in a day, mixed. Each one checks its own result, so that a wrong, short or
 * foreign answer counts as lost as well as an error does. Both runs make the very same calls.
 */
import type { OpenAI } from 'openai';

/** One call. */
export interface DemoCall {
  readonly kind: string;
  /** Makes it and looks at what comes. @throws the SDK's error, or an `Error` that says what is wrong with the result */
  make(client: OpenAI, signal: AbortSignal): Promise<void>;
}

/** What the servers of the demo answer to a prompt. */
export function answerTo(prompt: unknown): string {
  return `Here is the answer to "${typeof prompt === 'string' ? prompt : ''}", to its last word.`;
}

const promptOf = (number: number) => `question ${number}`;

function expect(seen: unknown, wanted: unknown, what: string): void {
  if (seen === wanted) return;
  const short = typeof seen === 'string' && typeof wanted === 'string' && wanted.startsWith(seen);
  throw new Error(`${what} is ${short ? 'short' : 'wrong'}`);
}

type Make = (client: OpenAI, number: number, options: { signal: AbortSignal }) => Promise<void>;
const messagesOf = (number: number) => [{ role: 'user' as const, content: promptOf(number) }];

const chat: Make = async (client, number, options) => {
  const body = { model: number % 3 === 0 ? 'gpt-5-mini' : 'gpt-5', messages: messagesOf(number) };
  const { choices } = await client.chat.completions.create(body, options);
  expect(choices[0]?.message.content, answerTo(promptOf(number)), 'the answer');
};

const stream: Make = async (client, number, options) => {
  const body = { model: 'gpt-5', messages: messagesOf(number), stream: true as const };
  let text = '';
  let end: string | null | undefined;
  for await (const { choices } of await client.chat.completions.create(body, options)) {
    text += choices[0]?.delta.content ?? '';
    end = choices[0]?.finish_reason ?? end;
  }
  expect(text, answerTo(promptOf(number)), 'the stream');
  expect(end, 'stop', "the stream's end");
};

const responses: Make = async (client, number, options) => {
  const response = await client.responses.create({ model: 'gpt-5', input: promptOf(number) }, options);
  expect(response.output_text, answerTo(promptOf(number)), 'the answer');
};

const embeddings: Make = async (client, number, options) => {
  const body = { model: 'text-embedding-3-small', input: promptOf(number) };
  const vector = (await client.embeddings.create(body, options)).data[0]?.embedding ?? [];
  expect(vector.length > 1 && vector.every((value) => Number.isFinite(value)), true, 'the vector');
};

const list: Make = async (client, _number, options) => {
  expect((await client.models.list(options)).data.length > 0, true, 'the list');
};

const upload: Make = async (client, number, options) => {
  const content = `${JSON.stringify({ prompt: promptOf(number) })}\n`;
  const file = new File([content], `question-${number}.jsonl`);
  const { bytes } = await client.files.create({ file, purpose: 'batch' }, options);
  expect(bytes, content.length, 'the uploaded file');
};

const KINDS: Readonly<Record<string, Make>> = { chat, stream, responses, embeddings, list, upload };

/** Over and over, each round ending with a list or an upload. */
const ROUND = [
  ...['chat', 'stream', 'chat', 'responses', 'embeddings', 'chat', 'stream', 'chat', 'responses', 'chat'],
  ...['stream', 'chat', 'embeddings', 'chat', 'stream', 'chat', 'responses', 'chat', 'stream'],
];

function kindOf(number: number): string {
  const round = Math.floor(number / (ROUND.length + 1));
  return ROUND[number % (ROUND.length + 1)] ?? (round % 2 === 0 ? 'list' : 'upload');
}

/** The first so many calls, always the same ones. */
export function demoCalls(count: number): DemoCall[] {
  return Array.from({ length: count }, (_, number) => {
    const kind = kindOf(number);
    return { kind, make: (client, signal) => (KINDS[kind] as Make)(client, number, { signal }) };
  });
}
