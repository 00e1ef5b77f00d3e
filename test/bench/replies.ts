// The bytes that the mock answers with: fixed, so that making them costs nothing while somebody is measured.

/** How many chunks of content a stream has. */
export const CHUNKS = 200;
/** What a plain answer says. */
export const CONTENT = 'Hello there, how are you today? '.repeat(20);

const usage = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };
const base = { id: 'chatcmpl-1', created: 1, model: 'gpt-5' };

/** The body of a plain answer, about 1 KB. */
export const COMPLETION: string = JSON.stringify({
  ...base,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      finish_reason: 'stop',
      logprobs: null,
      message: { role: 'assistant', content: CONTENT, refusal: null },
    },
  ],
  usage,
});

const SORRY = JSON.stringify({ error: { message: 'down', type: 'server_error', code: null, param: null } });

function reply(status: string, type: string, body: string): Buffer {
  const head = [
    `HTTP/1.1 ${status}`,
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'x-request-id: req_1',
    'connection: keep-alive',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** A whole plain answer. */
export const PLAIN: Buffer = reply('200 OK', 'application/json', COMPLETION);
/** A whole answer that something is down. */
export const DOWN: Buffer = reply('503 Service Unavailable', 'application/json', SORRY);

const inChunk = (text: string) => Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
const event = (delta: object, finish_reason: string | null = null) => {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
  return `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices })}\n\n`;
};

/** A stream, write by write: the head with the role, the chunks, the end. */
export const STREAM: readonly Buffer[] = [
  Buffer.concat([
    Buffer.from(
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_1\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n',
    ),
    inChunk(event({ role: 'assistant', content: '' })),
  ]),
  ...Array.from({ length: CHUNKS }, (_, index) => inChunk(event({ content: ` word${index % 10}` }))),
  Buffer.concat([inChunk(event({}, 'stop')), inChunk('data: [DONE]\n\n'), Buffer.from('0\r\n\r\n')]),
];
