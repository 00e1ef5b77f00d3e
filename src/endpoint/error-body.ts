/**
 * Reads the body of an error reply within bounds: 5 s and 1 MiB.
 * Why: the SDK reads it without any, so an endpoint that sends "500" and then nothing would hold the call for ever.
 */
import { systemClock } from '../clock.ts';

const PATIENCE = 5_000;
const LIMIT = 1_048_576;

async function boundedText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return '';
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  let late = false;
  const stop = systemClock.after(PATIENCE, () => {
    late = true;
    void reader.cancel().catch(() => undefined);
  });
  try {
    while (size < LIMIT) {
      const { value, done } = await reader.read();
      if (done || late) break;
      size += value.byteLength;
      text += decoder.decode(value, { stream: true });
    }
    if (size >= LIMIT) void reader.cancel().catch(() => undefined);
    // What came of a stalled body is no JSON, and half a page of HTML helps nobody.
    return late ? '' : text + decoder.decode();
  } finally {
    stop();
  }
}

/** The same response, whose `text()` ends in time whatever the server does. */
export function boundErrorBody(response: Response): Response {
  Object.defineProperty(response, 'text', { value: () => boundedText(response), configurable: true });
  return response;
}
