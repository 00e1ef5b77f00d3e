// Threat T14: bytes mean one thing to the gateway, the same as to whatever stands before it and behind it, and nothing of one connection
// reaches another. Each row says what RFC 9110 and 9112 want, or the stricter of what they allow.
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../../src/testing/index.ts';
import { endpointOf, gatewayWith } from '../../support/gateway.ts';
import { rawRequest } from '../../support/raw-client.ts';

const BODY = '{"model":"gpt-5","messages":[{"role":"user","content":"hi"}]}';
const HOST = 'Host: localhost\r\n';
const JSON_TYPE = 'Content-Type: application/json\r\n';
const LENGTH = `Content-Length: ${BODY.length}\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const inChunks = (body = BODY) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const post = (headers: string, body: string) => `POST /v1/chat/completions HTTP/1.1\r\n${headers}\r\n${body}`;
const usual = HOST + JSON_TYPE;
const SMUGGLED = `POST /v1/embeddings HTTP/1.1\r\n${usual}Content-Length: 2\r\n\r\n{}`;

/** What was sent, the status of the reply, and how often the endpoint was asked. */
type Row = readonly [what: string, bytes: string, status: number, calls: number];

const ROWS: readonly Row[] = [
  ['a plain call', post(usual + LENGTH, BODY), 200, 1],
  ['a call in chunks', post(usual + CHUNKED, inChunks()), 200, 1],
  ['chunks with extensions', post(usual + CHUNKED, `${BODY.length.toString(16)};a=b\r\n${BODY}\r\n0\r\n\r\n`), 200, 1],
  [
    'chunks with trailers',
    post(usual + CHUNKED, inChunks().replace(/\r\n$/, 'x-own: 1\r\nauthorization: x\r\n\r\n')),
    200,
    1,
  ],
  ['two calls one behind the other', post(usual + LENGTH, BODY) + post(usual + LENGTH, BODY), 200, 2],
  ['an empty line before the call', `\r\n${post(usual + LENGTH, BODY)}`, 200, 1],
  // RFC 9112 6.1 and 6.3: a length and an encoding at once, lengths that differ, or that are none.
  ['a length and chunks', post(usual + LENGTH + CHUNKED, inChunks()), 400, 0],
  ['chunks and a length', post(usual + CHUNKED + LENGTH, inChunks()), 400, 0],
  [
    'a length of zero, chunks, and a call behind',
    post(`${usual}Content-Length: 0\r\n${CHUNKED}`, inChunks() + SMUGGLED),
    400,
    0,
  ],
  ['two lengths that differ', post(`${usual}${LENGTH}Content-Length: 5\r\n`, BODY), 400, 0],
  ['the same length twice', post(usual + LENGTH + LENGTH, BODY), 400, 0],
  ['a list of lengths', post(`${usual}Content-Length: ${BODY.length}, ${BODY.length}\r\n`, BODY), 400, 0],
  ['a length with a sign', post(`${usual}Content-Length: +${BODY.length}\r\n`, BODY), 400, 0],
  ['a negative length', post(`${usual}Content-Length: -1\r\n`, BODY), 400, 0],
  ['a length in hex', post(`${usual}Content-Length: 0x10\r\n`, BODY), 400, 0],
  ['a length with a blank inside', post(`${usual}Content-Length: 1 0\r\n`, BODY), 400, 0],
  ['a length beyond all numbers', post(`${usual}Content-Length: 99999999999999999999\r\n`, BODY), 400, 0],
  ['an empty length', post(`${usual}Content-Length: \r\n`, BODY), 400, 0],
  // RFC 9112 6.1: encodings that are not known, not last, or hidden.
  ['an encoding nobody knows', post(`${usual}Transfer-Encoding: xchunked\r\n`, inChunks()), 400, 0],
  ['chunks that are not last', post(`${usual}Transfer-Encoding: chunked, identity\r\n`, inChunks()), 400, 0],
  ['chunks twice', post(usual + CHUNKED + CHUNKED, inChunks()), 400, 0],
  ['an encoding behind a blank', post(`${usual}Transfer-Encoding : chunked\r\n`, inChunks()), 400, 0],
  ['an encoding with a vertical tab', post(`${usual}Transfer-Encoding: \x0bchunked\r\n`, inChunks()), 400, 0],
  ['an encoding in quotes', post(`${usual}Transfer-Encoding: "chunked"\r\n`, inChunks()), 400, 0],
  // RFC 9112 7.1: sizes of chunks.
  ['a chunk with a sign', post(usual + CHUNKED, `+${inChunks()}`), 400, 0],
  ['a chunk in 0x', post(usual + CHUNKED, `0x${inChunks()}`), 400, 0],
  ['a chunk that is longer than it says', post(usual + CHUNKED, `5\r\n${BODY}\r\n0\r\n\r\n`), 400, 0],
  ['a chunk of a size beyond all numbers', post(usual + CHUNKED, `fffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`), 400, 0],
  ['chunks that end in a bare LF', post(usual + CHUNKED, inChunks().replaceAll('\r\n', '\n')), 400, 0],
  // RFC 9112 2.2, 5.1, 5.2: lines and fields.
  ['lines that end in a bare LF', post(usual + LENGTH, BODY).replaceAll('\r\n', '\n'), 400, 0],
  ['a bare CR inside a header', post(`${usual}X-A: a\rX-B: b\r\n${LENGTH}`, BODY), 400, 0],
  ['a folded line', post(`${usual}X-A: a\r\n b\r\n${LENGTH}`, BODY), 400, 0],
  ['a blank before the first header', post(` ${usual}${LENGTH}`, BODY), 400, 0],
  ['a name with a blank', post(`${usual}X A: a\r\n${LENGTH}`, BODY), 400, 0],
  ['a header without a name', post(`${usual}: a\r\n${LENGTH}`, BODY), 400, 0],
  ['a header without a colon', post(`${usual}X-A\r\n${LENGTH}`, BODY), 400, 0],
  ['a NUL in a header', post(`${usual}X-A: a\0b\r\n${LENGTH}`, BODY), 400, 0],
  // RFC 9112 3.2: hosts.
  ['no host', post(JSON_TYPE + LENGTH, BODY), 400, 0],
  ['two hosts', post(`Host: localhost\r\nHost: evil.example\r\n${JSON_TYPE}${LENGTH}`, BODY), 400, 0],
  ['a host that is not ours', post(`Host: evil.example\r\n${JSON_TYPE}${LENGTH}`, BODY), 421, 0],
  ['a host with a user', post(`Host: localhost@evil.example\r\n${JSON_TYPE}${LENGTH}`, BODY), 421, 0],
  // RFC 9112 3: lines that begin a request.
  ['another version', post(usual + LENGTH, BODY).replace('HTTP/1.1', 'HTTP/9.9'), 400, 0],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 0],
  ['a version alone', 'POST\r\n\r\n', 400, 0],
  ['a method in small letters', post(usual + LENGTH, BODY).replace('POST', 'post'), 400, 0],
  ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n', 405, 0],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 0],
  // RFC 9110 7.8, 10.1.1: nothing is upgraded but what is known, nothing expected.
  [
    'an upgrade to HTTP/2',
    post(
      `${usual}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n${LENGTH}`,
      BODY,
    ),
    200,
    1,
  ],
  ['an expectation nobody knows', post(`${usual}Expect: miracles\r\n${LENGTH}`, BODY), 417, 0],
];

describe('T14: what comes as', () => {
  it.each(ROWS)('%s', async (_, bytes, status, calls) => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { text, end } = await rawRequest(gateway.gateway.port, { bytes, quietMs: calls > 0 ? 600 : 400 });
    // What is refused ends its connection: nothing behind it is taken for a call.
    expect([text.slice(0, 12), a.calls, status === 400 ? end : 'fin']).toEqual([`HTTP/1.1 ${status}`, calls, 'fin']);
    expect(a.requests.every(({ route }) => route === '/chat/completions')).toBe(true);
  });
});

it('T14: nothing of one connection goes on to another, in either direction', async () => {
  const hop = {
    ...{ connection: 'close, x-private', 'x-private': '1', 'keep-alive': 'timeout=5', te: 'trailers', trailer: 'x' },
    ...{ 'proxy-connection': 'keep-alive', 'proxy-authenticate': 'Basic', 'transfer-encoding': 'chunked' },
  };
  await using a = await faultServer({
    name: 'a',
    script: {
      step: 'ok',
      headers: { 'keep-alive': 'timeout=7', 'proxy-authenticate': 'Basic', upgrade: 'h2c', 'x-private': '1' },
    },
  });
  await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
  const lines = Object.entries({ ...hop, 'openai-beta': 'x', connection: 'close, openai-beta, x-private' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const { head: reply } = await rawRequest(gateway.gateway.port, {
    bytes: post(usual + head, inChunks()),
    quietMs: 600,
  });
  expect(reply).toContain('200 OK');
  const [request] = a.requests;
  // What the sender says is of his connection stays there, whatever it is.
  for (const name of ['x-private', 'te', 'trailer', 'proxy-connection', 'upgrade', 'expect', 'openai-beta'])
    expect(Object.keys(request?.headers ?? {})).not.toContain(name);
  expect(request?.headers['keep-alive']).not.toBe('timeout=5');
  for (const name of ['proxy-authenticate', 'upgrade', 'x-private'])
    expect(reply.toLowerCase()).not.toContain(`${name}:`);
  expect(reply).not.toContain('timeout=7');
});
