/**
 * Puts a healthy answer on the wire, whole or as a stream, and breaks it on the way where the step says so.
 */
import { type Exchange, hangUpAfterData, sendHead, untilOver, wait, writeBody } from './exchange.ts';
import { frame, type Reply } from './reply.ts';
import type { StreamPlace, StreamStep } from './steps.ts';

const GARBAGE = 'data: {"choices":[{"delta":{"content":"\u0000\ufffd<\n\n';

/** Sends an answer as it is. */
export async function sendReply(exchange: Exchange, reply: Reply): Promise<void> {
  if (reply.is === 'whole') {
    const { status, type, bytes, headers } = reply;
    sendHead(exchange, status, { ...headers, 'content-type': type, 'content-length': String(bytes.length) });
    exchange.response.end(bytes);
    return;
  }
  sendHead(exchange, 200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  for (const piece of [...reply.preamble, ...reply.content, ...reply.ending]) {
    if (!(await writeBody(exchange, piece))) return;
  }
  exchange.response.end();
}

/** Sends a streamed answer with the gaps and the fault of its step. */
export async function sendStream(exchange: Exchange, step: StreamStep): Promise<void> {
  const { pieces, contentFrom, type } = piecesOf(exchange, step);
  sendHead(exchange, 200, { 'content-type': type, 'cache-control': 'no-cache' });
  const strike = strikeOf(step, contentFrom);
  const budget = { left: step.cutAtByte ?? Number.POSITIVE_INFINITY };
  for (let i = 0; i <= pieces.length; i++) {
    if (i === strike) return fault(exchange, step, pieces[i]);
    const piece = pieces[i];
    if (piece === undefined) break;
    const isContent = i >= contentFrom && i < contentFrom + contentCount(step, pieces.length);
    if (step.gap && isContent && !(await wait(exchange, step.gap))) return;
    const bytes = piece.subarray(0, budget.left);
    budget.left -= bytes.length;
    if (!(await writeChunks(exchange, bytes, step.chunkBytes))) return;
    if (budget.left === 0) return cut(exchange, step, undefined);
  }
  if (!step.keepOpen) exchange.response.end();
}

/** The parts of the body, where the content begins, and its type. JSON is cut into as many pieces as events were asked for. */
function piecesOf(exchange: Exchange, step: StreamStep): { pieces: Buffer[]; contentFrom: number; type: string } {
  const sse = 'text/event-stream; charset=utf-8';
  if (typeof step.stream !== 'number') {
    const frames = step.stream.map((event) => (typeof event === 'string' ? event : frame(event)));
    return {
      pieces: asBytes([...frames, ...(step.endMarker === false ? [] : [frame('[DONE]')])]),
      contentFrom: 0,
      type: sse,
    };
  }
  const reply = exchange.healthy(step, step.stream);
  if (reply.is === 'events') {
    const { preamble, content, ending } = reply;
    const pieces = asBytes([...preamble, ...content, ...(step.endMarker === false ? [] : ending)]);
    return { pieces, contentFrom: preamble.length, type: sse };
  }
  const { bytes, type } = reply;
  const n = Math.max(1, step.stream);
  const at = (i: number) => Math.floor((i * bytes.length) / n);
  const pieces = Array.from({ length: n }, (_, i) => bytes.subarray(at(i), at(i + 1)));
  return { pieces: step.endMarker === false ? pieces.slice(0, -1) : pieces, contentFrom: 0, type };
}

const asBytes = (frames: readonly string[]) => frames.map((text) => Buffer.from(text));

const contentCount = ({ stream }: StreamStep, pieces: number) =>
  typeof stream === 'number' ? Math.max(1, stream) : pieces;

/** The index of the piece before which the fault strikes. */
function strikeOf(step: StreamStep, contentFrom: number): number | undefined {
  const place: StreamPlace | undefined =
    step.cutAfter ?? step.stallAfter ?? step.errorAfter ?? step.garbageAfter ?? step.commentsAfter;
  if (place === undefined) return undefined;
  return place === 'headers' ? 0 : contentFrom + place;
}

async function fault(exchange: Exchange, step: StreamStep, next: Buffer | undefined): Promise<void> {
  if (step.cutAfter !== undefined) return cut(exchange, step, next);
  if (step.stallAfter !== undefined) return untilOver(exchange);
  if (step.commentsAfter !== undefined) {
    while ((await writeBody(exchange, ': keep-alive\n\n')) && (await wait(exchange, step.every ?? 200)));
    return;
  }
  const { route } = exchange.request;
  const errorAs = step.errorAs ?? (/^\/(responses|threads)/.test(route) ? 'event' : 'key');
  const error = {
    error: step.error ?? { message: 'The server had an error.', type: 'server_error', param: null, code: null },
  };
  const last = step.garbageAfter !== undefined ? GARBAGE : frame(error, errorAs === 'event' ? 'error' : undefined);
  if (await writeBody(exchange, last)) exchange.response.end();
}

async function cut(exchange: Exchange, step: StreamStep, next: Buffer | undefined): Promise<void> {
  const how = step.cut ?? 'reset';
  if (how === 'half-frame' && next) await writeBody(exchange, next.subarray(0, Math.floor(next.length / 2)));
  if (how === 'end' || how === 'half-frame') exchange.response.end();
  else await hangUpAfterData(exchange, how);
}

async function writeChunks(exchange: Exchange, bytes: Buffer, size = bytes.length): Promise<boolean> {
  for (let from = 0; from < bytes.length; from += size) {
    if (!(await writeBody(exchange, bytes.subarray(from, from + size)))) return false;
  }
  return true;
}
