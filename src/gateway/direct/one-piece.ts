/**
 * Writes to a client what goes out in one piece: head, frame and bytes as one text of letters of one byte each, which come out as they
 * went in. Why by hand: Node writes each of them by itself, and a chunk of a stream is four writes.
 */
import { ServerResponse } from 'node:http';

/** Longer bytes are not copied into a text. */
const SHORT = 12_288;

/** Whoever looks at what is written is shown the bytes, and not their frame. */
const isWatched = (response: ServerResponse) => response.write !== ServerResponse.prototype.write;

const framesIt = (response: ServerResponse, bytes: Buffer) =>
  bytes.byteLength > 0 && bytes.byteLength <= SHORT && response.chunkedEncoding && !isWatched(response);

const frame = (bytes: Buffer) => `${bytes.byteLength.toString(16)}\r\n${bytes.toString('latin1')}\r\n`;

/** Writes a part of a body; its head must be written. @returns false when its reader is slow. */
export function writePart(response: ServerResponse, bytes: Buffer): boolean {
  if (!framesIt(response, bytes)) return response.write(bytes);
  // Only for this piece: what others write is Node's to frame.
  response.chunkedEncoding = false;
  const isFree = response.write(frame(bytes), 'latin1');
  response.chunkedEncoding = true;
  return isFree;
}

/** Ends a body. @param last its last part. */
export function endWith(response: ServerResponse, last: Buffer | undefined): void {
  if (last && framesIt(response, last)) {
    response.chunkedEncoding = false;
    response.end(`${frame(last)}0\r\n\r\n`, 'latin1');
    response.chunkedEncoding = true;
  } else if (last && last.byteLength <= SHORT && !response.chunkedEncoding)
    response.end(last.toString('latin1'), 'latin1');
  else response.end(last);
}
