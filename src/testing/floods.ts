/**
 * Answers that are too big: compressed bombs, endless bodies, one endless line. Made as they are sent, so the server itself stays small.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import { type Exchange, sendHead, writeBody } from './exchange.ts';

const CHUNK = Buffer.alloc(1 << 20, 'a');

/** Valid chat JSON that grows to about `bytes` when decompressed. */
export async function sendBomb(exchange: Exchange, bytes: number, encoding: 'gzip' | 'br' | 'deflate'): Promise<void> {
  const compressor = {
    gzip: () => createGzip({ level: 1 }),
    deflate: () => createDeflate({ level: 1 }),
    br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  }[encoding]();
  sendHead(exchange, 200, { 'content-type': 'application/json', 'content-encoding': encoding });
  await pipeline(Readable.from(hugeJson(bytes)), compressor, exchange.response, { signal: exchange.over }).catch(quiet);
}

/** Valid chat JSON of about `bytes`, as fast as it is read. */
export async function sendHugeBody(exchange: Exchange, bytes: number): Promise<void> {
  sendHead(exchange, 200, { 'content-type': 'application/json' });
  for (const chunk of hugeJson(bytes)) if (!(await writeBody(exchange, chunk))) return;
  exchange.response.end();
}

/** A stream whose first line has about `bytes`. */
export async function sendHugeLine(exchange: Exchange, bytes: number): Promise<void> {
  sendHead(exchange, 200, { 'content-type': 'text/event-stream; charset=utf-8' });
  if (!(await writeBody(exchange, 'data: '))) return;
  for (const chunk of hugeJson(bytes)) if (!(await writeBody(exchange, chunk))) return;
  exchange.response.end('\n\ndata: [DONE]\n\n');
}

function* hugeJson(bytes: number): Generator<Buffer> {
  const choice = '"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"';
  yield Buffer.from(`{"id":"chatcmpl-bomb","object":"chat.completion","created":0,"model":"bomb",${choice}`);
  for (let left = bytes; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, Math.min(left, CHUNK.length));
  yield Buffer.from('"}}]}');
}

/** A client that left half-way is what a flood is for. */
const quiet = () => undefined;
