/** Hands on what a direct call was answered with: headers by list, a body that was read as one, every other as it comes. */

import { BodyDown } from '../direct/body-down.ts';
import type { DirectAnswer, DirectCall } from '../direct/direct-call.ts';
import { endWith } from '../direct/one-piece.ts';
import { nobody } from '../direct/passing.ts';
import { poolFacts } from '../port/port.ts';
import { directHeaders, isEventStream } from '../port/reply-headers.ts';
import type { Receiver } from './hand-on-reply.ts';

/** Hands it on. @returns false when the client left; at once where the body is there, else when he has it all. */
export function handOn(
  { reply, body, endpoint }: DirectAnswer,
  direct: DirectCall,
  to: Receiver,
): boolean | Promise<boolean> {
  const { response, clock, id, model } = to;
  const { status } = reply;
  const passing = 'bytes' in body ? undefined : body;
  if (response.headersSent || response.destroyed) {
    passing?.to(nobody);
    passing?.left();
    direct.ended({ is: 'left', said: true });
    return true;
  }
  const { room, tells, alone } = poolFacts(direct.endpoints, endpoint.name, model);
  const facts = { room, tells, alone, status, attempts: () => direct.attempts };
  const headers = directHeaders(reply.raw, facts, id);
  const streams = isEventStream(headers);
  to.id = headers['x-request-id'] ?? id;
  to.begun(status, streams, passing);
  if ('bytes' in body) {
    // Some servers call JSON a text; who reads by the header alone would not read it.
    if (body.isObject && !/json/i.test(headers['content-type'] ?? '')) headers['content-type'] = 'application/json';
    headers['content-length'] = String(body.bytes.byteLength);
    response.writeHead(status, headers);
    endWith(response, body.bytes);
    return true;
  }
  const length = reply.decoded || streams ? undefined : reply.header('content-length');
  if (length !== undefined) headers['content-length'] = length;
  response.writeHead(status, headers);
  return BodyDown.pass(response, body, clock, to).then((end) => {
    direct.ended(end);
    return end.is !== 'left';
  });
}
