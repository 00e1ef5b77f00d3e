/**
 * The event in a block of a stream: plain ones at once; data of several lines, errors and what is no JSON as the SDK reads them. Pure.
 */
import { APIError } from 'openai';
import { END, NAME_ONLY, ODD, plainEvent, SILENT } from '../../sdk/plain-event.ts';

function oddEvent(block: Buffer, headers: Headers): unknown {
  const data: string[] = [];
  let name: string | undefined;
  for (const line of block
    .toString()
    .replace(/^\uFEFF/, '')
    .split(/\r\n|[\r\n]/)) {
    const [, field, value = ''] = /^([^:]+)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'data') data.push(value);
    else if (field === 'event') name = value;
  }
  if (data.length === 0) return SILENT;
  const text = data.join('\n');
  if (text.startsWith('[DONE]')) return END;
  const value = JSON.parse(text) as { error?: object } | null;
  if (name?.startsWith('thread.')) return { event: name, data: value };
  if (name === 'error') throw new APIError(undefined, value?.error ?? value ?? undefined, undefined, headers);
  if (value?.error) throw new APIError(undefined, value.error, undefined, headers);
  return value;
}

/** The event that a block stands for, or what it is instead. @throws what the SDK throws for it. */
export function eventIn(block: Buffer, headers: Headers): unknown {
  const event = plainEvent(block);
  // A name without data says nothing.
  if (event === NAME_ONLY) return SILENT;
  return event === ODD ? oddEvent(block, headers) : event;
}
