/**
 * Acts out one step: the table from names to what happens on the wire.
 * Stands between `script.ts`, which says which step comes, and the files that know how to write it.
 */
import { errorBody } from './error-bodies.ts';
import { type Exchange, hangUp, hangUpAfterData, sendHead, untilOver, wait, writeBody } from './exchange.ts';
import { sendBomb, sendHugeBody, sendHugeLine } from './floods.ts';
import type { LongStep } from './parse-script.ts';
import { sendReply, sendStream } from './send-reply.ts';
import type { PlainName } from './step-names.ts';
import type { NamedStep, RedirectStep, StatusStep } from './steps.ts';
import { bodyOf, floodHeaders, handmade, hintForever, sendRaw } from './wire-faults.ts';

const MIB = 1 << 20;
const HTML = '<!doctype html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>\n';

type Act = (exchange: Exchange, step: NamedStep) => Promise<void> | void;

/** Name → act; what each does is written beside the names in `step-names.ts`. */
const ACTS: Record<PlainName, Act> = {
  ok: (exchange, step) => sendReply(exchange, exchange.healthy(step)),
  reset: (exchange) => hangUp(exchange, 'reset'),
  close: (exchange) => hangUp(exchange, 'close'),
  'black-hole': untilOver,
  'stall-body': async (exchange, { after = 5, ...step }) => {
    const body = headOf(exchange, step);
    if (await writeBody(exchange, body.subarray(0, after))) await untilOver(exchange);
  },
  drip: async (exchange, { bytes = 1, every = 300, ...step }) => {
    const body = headOf(exchange, step);
    for (let from = 0; from < body.length; from += bytes) {
      if (!(await wait(exchange, every)) || !(await writeBody(exchange, body.subarray(from, from + bytes)))) return;
    }
    exchange.response.end();
  },
  'cut-body': async (exchange, { after = 4, cut = 'reset', ...step }) => {
    const body = headOf(exchange, step);
    if (await writeBody(exchange, body.subarray(0, Math.min(after, body.length - 1))))
      await hangUpAfterData(exchange, cut);
  },
  'truncated-json': (exchange, step) => {
    const body = bodyOf(exchange.healthy(step));
    return sendBytes(exchange, 200, 'application/json', body.subarray(0, Math.floor(body.length / 2)));
  },
  html: (exchange) => sendBytes(exchange, 200, 'text/html; charset=utf-8', Buffer.from(HTML)),
  'wrong-content-type': (exchange, step) => sendBytes(exchange, 200, 'text/plain', bodyOf(exchange.healthy(step))),
  bomb: (exchange, { bytes = 64 * MIB, encoding = 'gzip' }) => sendBomb(exchange, bytes, encoding),
  'huge-body': (exchange, { bytes = 1024 * MIB }) => sendHugeBody(exchange, bytes),
  'huge-line': (exchange, { bytes = 64 * MIB }) => sendHugeLine(exchange, bytes),
  'header-flood': (exchange, { bytes = MIB }) => floodHeaders(exchange, bytes),
  garbage: (exchange) => sendRaw(exchange, { raw: Buffer.from('\x16\x03\x01 not HTTP \xff\x00\r\n\r\n', 'latin1') }),
  'half-headers': (exchange) => sendRaw(exchange, { raw: 'HTTP/1.1 200 OK\r\ncontent-ty' }),
  'conflicting-length': (exchange, step) =>
    handmade(exchange, (n) => [JSON_TYPE, `content-length: ${n}`, `content-length: ${n + 7}`], {
      reply: exchange.healthy(step),
    }),
  'duplicate-headers': (exchange, step) =>
    handmade(exchange, (n) => [JSON_TYPE, 'content-type: text/html', `content-length: ${n}`], {
      reply: exchange.healthy(step),
    }),
  'bare-lf': (exchange, step) =>
    handmade(exchange, (n) => [JSON_TYPE, `content-length: ${n}`], { eol: '\n', reply: exchange.healthy(step) }),
  'early-hints': async (exchange, { every = 0, ...step }) => {
    exchange.response.writeEarlyHints({ link: '</hint>; rel=preload' });
    if (await wait(exchange, every)) await sendReply(exchange, exchange.healthy(step));
  },
  'only-hints': (exchange, { every = 100 }) => hintForever(exchange, every),
  'only-continue': (exchange) => sendRaw(exchange, { raw: 'HTTP/1.1 100 Continue\r\n\r\n', end: 'open' }),
};

const JSON_TYPE = 'content-type: application/json';

/** What a step is called in the record of requests. */
export function nameOf(step: LongStep): string {
  if ('step' in step) return step.step;
  if ('stream' in step) return 'stream';
  if ('raw' in step) return 'raw';
  return 'redirect' in step ? 'redirect' : String(step.status);
}

/** Whether a step is an answer of a healthy server, which its gate may refuse. */
export function isHealthy(step: LongStep): boolean {
  if ('step' in step) return step.step === 'ok';
  return 'stream' in step || ('status' in step && !('redirect' in step) && wantsHealthy(step));
}

/** Does on the wire what the step says; resolves when nothing more will be written. */
export async function perform(exchange: Exchange, step: LongStep): Promise<void> {
  if ('step' in step) await ACTS[step.step](exchange, step);
  else if ('stream' in step) await sendStream(exchange, step);
  else if ('raw' in step) await sendRaw(exchange, step);
  else if ('redirect' in step) redirect(exchange, step);
  else await sendStatus(exchange, step);
}

const wantsHealthy = ({ status, body }: StatusStep) => status < 300 && status !== 204 && body === undefined;

async function sendStatus(exchange: Exchange, step: StatusStep): Promise<void> {
  const { status, retryAfter, retryAfterMs, shouldRetry, body = errorBody(step), stallBody = false } = step;
  if (retryAfter !== undefined) exchange.response.setHeader('retry-after', String(retryAfter));
  if (retryAfterMs !== undefined) exchange.response.setHeader('retry-after-ms', String(retryAfterMs));
  if (shouldRetry !== undefined) exchange.response.setHeader('x-should-retry', String(shouldRetry));
  if (wantsHealthy(step)) {
    const reply = exchange.healthy({});
    return sendReply(exchange, reply.is === 'whole' ? { ...reply, status } : reply);
  }
  if (status === 204 || status === 304) {
    sendHead(exchange, status, {});
    exchange.response.end();
    return;
  }
  const asIs = typeof body === 'string' || body instanceof Uint8Array;
  const bytes = Buffer.from(asIs ? body : JSON.stringify(body));
  if (!stallBody) return sendBytes(exchange, status, 'application/json', bytes);
  sendHead(exchange, status, { 'content-type': 'application/json', 'content-length': String(bytes.length) });
  if (await writeBody(exchange, bytes.subarray(0, Math.floor(bytes.length / 2)))) await untilOver(exchange);
}

function redirect(exchange: Exchange, step: RedirectStep): void {
  sendHead(exchange, step.status ?? 307, { location: step.redirect, 'content-length': '0' });
  exchange.response.end();
}

function sendBytes(exchange: Exchange, status: number, type: string, bytes: Buffer): void {
  sendHead(exchange, status, { 'content-type': type, 'content-length': String(bytes.length) });
  exchange.response.end(bytes);
}

/** Sends the head of the healthy answer, its true length included, and hands back its body. */
function headOf(exchange: Exchange, step: Omit<NamedStep, 'step'>): Buffer {
  const reply = exchange.healthy(step);
  const body = bodyOf(reply);
  const head = reply.is === 'whole' ? { 'content-type': reply.type, 'content-length': String(body.length) } : undefined;
  sendHead(exchange, reply.is === 'whole' ? reply.status : 200, head ?? { 'content-type': 'text/event-stream' });
  return body;
}
