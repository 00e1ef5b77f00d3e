/**
 * Healthy answers of embeddings, moderations, images and audio: fixed in content, right in form.
 */
import {
  type Ask,
  binary,
  epochSeconds,
  fieldsOf,
  frame,
  json,
  type Reply,
  textPieces,
  tokens,
  wantsStream,
} from './reply.ts';

/** A PNG of one transparent pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Vectors of `dimensions` (8) numbers, as floats or base64, one per input. */
export function embeddings(ask: Ask): Reply {
  const body = fieldsOf(ask);
  const { input } = body;
  const isTokens = Array.isArray(input) && input.every((item) => typeof item === 'number');
  const inputs: unknown[] = Array.isArray(input) && !isTokens ? input : [input];
  const dimensions = typeof body.dimensions === 'number' ? body.dimensions : 8;
  const data = inputs.map((item, index) => {
    const seed = tokens(item) + index + 1;
    const vector = Float32Array.from({ length: dimensions }, (_, i) => Math.fround(Math.sin(seed * (i + 1))));
    const embedding = body.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
    return { object: 'embedding', index, embedding };
  });
  const prompt_tokens = tokens(input);
  return json({
    object: 'list',
    data,
    model: ask.request.model ?? 'unknown',
    usage: { prompt_tokens, total_tokens: prompt_tokens },
  });
}

/** Nothing is ever flagged. */
export function moderation(ask: Ask): Reply {
  const { input } = fieldsOf(ask);
  const inputs: unknown[] = Array.isArray(input) ? input : [input];
  const names = ['harassment', 'hate', 'self-harm', 'sexual', 'violence'];
  const results = inputs.map(() => ({
    flagged: false,
    categories: Object.fromEntries(names.map((name) => [name, false])),
    category_scores: Object.fromEntries(names.map((name) => [name, 0.0001])),
    category_applied_input_types: Object.fromEntries(names.map((name) => [name, ['text']])),
  }));
  return json({ id: ask.shelf.newId('modr-'), model: ask.request.model ?? 'omni-moderation-latest', results });
}

/** `n` images of one pixel. */
export function images(ask: Ask): Reply {
  const n = Math.max(1, Number(fieldsOf(ask).n ?? 1));
  return json({ created: epochSeconds(), data: Array.from({ length: n }, () => ({ b64_json: PIXEL })) });
}

const AUDIO: Record<string, string> = {
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
};

/** Bytes that name the server, under the content type of the format asked for. */
export function speech(ask: Ask): Reply {
  const format = String(fieldsOf(ask).response_format ?? 'mp3');
  return binary(AUDIO[format] ?? 'application/octet-stream', Buffer.from(`ID3\0${ask.server}\0`.repeat(64)));
}

/** A transcription or translation: JSON, text in other formats, events when streamed. */
export function transcription(ask: Ask): Reply {
  const format = String(fieldsOf(ask).response_format ?? 'json');
  const pieces = textPieces(ask, `Hello from ${ask.server}.`);
  const text = pieces.join('');
  if (wantsStream(ask)) {
    const content = pieces.map((delta) => frame({ type: 'transcript.text.delta', delta }, 'transcript.text.delta'));
    const ending = [frame({ type: 'transcript.text.done', text }, 'transcript.text.done'), frame('[DONE]')];
    return { is: 'events', preamble: [], content, ending };
  }
  if (format === 'json') return json({ text, usage: { type: 'duration', seconds: 1 } });
  if (format === 'verbose_json') return json({ text, language: 'english', duration: 1, segments: [], words: [] });
  return binary('text/plain; charset=utf-8', Buffer.from(`${text}\n`));
}
