/**
 * Faults written past the HTTP layer, straight to the socket. After one of these the connection serves nothing else.
 */
import { type Exchange, hangUpAfterData, untilOver, wait, writeRaw } from './exchange.ts';
import type { Reply } from './reply.ts';
import type { RawStep } from './steps.ts';

/** Writes the bytes and pauses of a raw step, then ends the connection as it says. */
export async function sendRaw(exchange: Exchange, { raw, end = 'close' }: RawStep): Promise<void> {
  const parts = typeof raw === 'string' || raw instanceof Uint8Array ? [raw] : raw;
  for (const part of parts) {
    const pause = typeof part === 'object' && 'wait' in part;
    if (!(await (pause ? wait(exchange, part.wait) : writeRaw(exchange, part)))) return;
  }
  if (end !== 'open') await hangUpAfterData(exchange, end);
  await untilOver(exchange);
}

/** The healthy JSON under a head that is written by hand. */
export function handmade(
  exchange: Exchange,
  lines: (bytes: number) => readonly string[],
  { eol = '\r\n', reply }: { eol?: string; reply: Reply },
): Promise<void> {
  const body = bodyOf(reply);
  exchange.request.status = 200;
  const head = [
    'HTTP/1.1 200 OK',
    ...lines(body.length),
    `x-served-by: ${exchange.headers['x-served-by']}`,
    '',
    '',
  ].join(eol);
  return sendRaw(exchange, { raw: [head, body], end: 'close' });
}

/** The whole body of an answer, whichever kind it is. */
export function bodyOf(reply: Reply): Buffer {
  if (reply.is === 'whole') return reply.bytes;
  return Buffer.from([...reply.preamble, ...reply.content, ...reply.ending].join(''));
}

/** Header lines until they weigh so many bytes, then a healthy end. */
export async function floodHeaders(exchange: Exchange, bytes: number): Promise<void> {
  if (!(await writeRaw(exchange, 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'))) return;
  const value = 'x'.repeat(1000);
  for (let sent = 0; sent < bytes; sent += value.length) {
    if (!(await writeRaw(exchange, `x-flood-${sent}: ${value}\r\n`))) return;
  }
  await sendRaw(exchange, { raw: 'content-length: 2\r\n\r\n{}' });
}

/** 103 Early Hints over and over. */
export async function hintForever(exchange: Exchange, every: number): Promise<void> {
  while (
    (await writeRaw(exchange, 'HTTP/1.1 103 Early Hints\r\nlink: </hint>\r\n\r\n')) &&
    (await wait(exchange, every))
  );
}
