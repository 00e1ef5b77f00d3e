/**
 * The healthy answer to any request: looks the path up and asks the file that knows it.
 * Stands between `perform.ts`, which puts the answer on the wire, and the `healthy-*.ts` files.
 */
import { chatCompletion, legacyCompletion } from './healthy-chat.ts';
import { embeddings, images, moderation, speech, transcription } from './healthy-media.ts';
import { objectReply } from './healthy-objects.ts';
import { compaction, response } from './healthy-responses.ts';
import { run, threadAndRun } from './healthy-runs.ts';
import { type Ask, fieldsOf, json, type Reply, refusal, tokens } from './reply.ts';

const ROUTES: Record<string, (ask: Ask) => Reply> = {
  'POST /chat/completions': chatCompletion,
  'POST /completions': legacyCompletion,
  'POST /responses': response,
  'POST /responses/input_tokens': (ask) =>
    json({ object: 'response.input_tokens', input_tokens: tokens(fieldsOf(ask).input ?? '') }),
  'POST /responses/compact': compaction,
  'POST /embeddings': embeddings,
  'POST /moderations': moderation,
  'POST /images/generations': images,
  'POST /images/edits': images,
  'POST /images/variations': images,
  'POST /audio/speech': speech,
  'POST /audio/transcriptions': transcription,
  'POST /audio/translations': transcription,
  'POST /threads/runs': threadAndRun,
  'GET /models': (ask) => json({ object: 'list', data: ask.models.map((id) => modelCard(id, ask)) }),
};

/** A name as it is meant; as it stands where that cannot be read. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a healthy server answers; 404 for a path that the API does not have. */
export function healthy(ask: Ask): Reply {
  const { method, route } = ask.request;
  const known = ROUTES[`${method} ${route}`];
  if (known) return known(ask);
  const model = /^\/models\/(.+)$/.exec(route)?.[1];
  if (model) {
    const id = decoded(model);
    if (method === 'DELETE') return json({ id, object: 'model', deleted: true });
    return ask.models.includes(id) ? json(modelCard(id, ask)) : modelNotFound(id);
  }
  const reply = /^\/threads\/[^/]+\/runs$/.test(route) && method === 'POST' ? run(ask) : objectReply(ask);
  return reply ?? refusal(404, `Invalid URL (${method} ${ask.request.path})`);
}

/** OpenAI's 404 for a model it does not have. */
export function modelNotFound(model: string): Reply {
  return refusal(404, `The model '${model}' does not exist or you do not have access to it.`, {
    code: 'model_not_found',
  });
}

function modelCard(id: string, ask: Ask) {
  return { id, object: 'model', created: 1_735_689_600, owned_by: ask.server };
}
