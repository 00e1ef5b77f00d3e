/** Hands on the reply of a call that went the long way: its headers by list, its body as fast as its reader reads. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { BodyWatcher } from '../direct/body-down.ts';
import type { Passing } from '../direct/passing.ts';
import { redirected } from '../http/api-error.ts';
import { writeBody } from '../http/write-reply.ts';
import type { Reply } from '../port/port.ts';
import { isEventStream, replyHeaders } from '../port/reply-headers.ts';
import { frontOf } from './front.ts';

/** Whose call it is. */
export interface Receiver extends BodyWatcher {
  readonly response: ServerResponse;
  readonly clock: Clock;
  /** Of the call: its own, then the one that its client is told. */
  id: string;
  /** Below `/v1`. */
  readonly path: string;
  /** As the pool knows it. */
  readonly model: string | undefined;
  /** The head goes out. @param body what is to be told when the client leaves. */
  begun(status: number, streams?: boolean, body?: Passing): void;
}

/**
 * Resolves when the client has it all, or left.
 * @param see told every piece of an event stream.
 * @returns false when he left.
 * @throws Refused for a redirect.
 */
export async function handOnReply(reply: Reply, to: Receiver, see: (piece: Uint8Array) => void): Promise<boolean> {
  const { response, clock, id, path } = to;
  const { status } = reply;
  if (status >= 300 && status < 400 && status !== 304) {
    await reply.body?.cancel().catch(() => undefined);
    throw redirected();
  }
  const headers = replyHeaders(reply, id, frontOf(path).idHeader);
  const streams = isEventStream(headers);
  if (response.headersSent || response.destroyed) {
    await reply.body?.cancel().catch(() => undefined);
    return true;
  }
  to.id = headers['x-request-id'] ?? id;
  to.begun(status, streams);
  response.writeHead(status, headers);
  if (streams) response.flushHeaders();
  const each = (piece: Uint8Array) => {
    if (!streams) return;
    to.passed(0);
    see(piece);
  };
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  const end = await writeBody({ body: reply.body, length }, response, clock, each);
  if (end.is === 'broken') to.broke(end.error);
  return end.is !== 'left';
}
