/** Where ids stand in the bodies and queries of each operation: the table behind `stateful-ids.ts`. */
import { fineTuned } from '../call/operations.ts';
import { opaqueKey } from './opaque.ts';
import { fields, hidden, type Place, shownAt, softly } from './place.ts';

const FILE = shownAt('files');
const STORE = shownAt('vector_stores');
const RESPONSE = shownAt('responses');
const CONVERSATION = shownAt('conversations');
const SESSION = shownAt('agents/sessions');
const ENVIRONMENT = shownAt('agents/environments');
const AGENT = shownAt('agents');
const MODEL: Place = softly({ text: fineTuned });
/** Readable for nobody but its maker. */
const OPAQUE: Place = { text: (content) => ({ id: opaqueKey(content), readAt: undefined, soft: true }) };
/** Some skills are everybody's, and go by names of their own. */
const SKILL: Place = {
  text: (id) => ({
    id,
    readAt: `/skills/${encodeURIComponent(id)}`,
    ...(id.startsWith('skill_') ? {} : { soft: true }),
  }),
};
/** A text is the name of a built-in voice, such as `alloy`, unless it looks like an id. */
const VOICE: Place = {
  text: (id) => (id.startsWith('voice_') ? { id, readAt: undefined, soft: true } : undefined),
  ...fields({ id: hidden }),
};

const file_id = { file_id: FILE };
const FILES = fields(file_id);
const SKILLS = fields({ skill_id: SKILL });
/** A part of a message. */
const PART = fields({ ...file_id, encrypted_content: OPAQUE, file: FILES, image_file: FILES });
const PROMPT = fields({ id: hidden, variables: { each: FILES } });

const tool = {
  vector_store_ids: STORE,
  container: { ...shownAt('containers'), ...fields({ file_ids: FILE, skills: SKILLS }) },
  environment: fields({ container_id: shownAt('containers'), file_ids: FILE, skills: SKILLS }),
  input_image_mask: FILES,
  tunnel_id: hidden,
  credential_id: hidden,
};
const TOOLS = fields({ ...tool, tools: fields(tool) });
const RESOURCES: Place = {
  each: fields({ file_ids: FILE, vector_store_ids: STORE, vector_stores: fields({ file_ids: FILE }) }),
};

const SOFT_ID = fields({ id: softly(hidden) });
const LATER = softly(shownAt('containers'));

/** What only some items of a conversation refer to, by their type. */
const ITEMS: ReadonlyMap<unknown, Place> = new Map([
  ['item_reference', fields({ id: hidden })],
  ['mcp_approval_response', fields({ approval_request_id: softly(hidden) })],
  ['code_interpreter_call', fields({ container_id: LATER })],
  ['shell_call', fields({ environment: fields({ container_id: LATER }) })],
]);

type Item = Readonly<Record<string, unknown>>;

const filled = (value: unknown) => (Array.isArray(value) ? value.length > 0 : Boolean(value));

/** Items that are looked up where they were made, unless they bring all there is of them. */
const WHOLE: ReadonlyMap<unknown, (item: Item) => boolean> = new Map([
  ['reasoning', ({ encrypted_content, content }: Item) => filled(encrypted_content) || filled(content)],
  ['image_generation_call', ({ result }: Item) => filled(result)],
]);

function itemOf(item: Item): Place | undefined {
  const { type, role, id } = item;
  // A reference may leave its type out.
  if (type === undefined || type === null)
    return role === undefined && typeof id === 'string' ? ITEMS.get('item_reference') : undefined;
  const isWhole = WHOLE.get(type);
  if (!isWhole) return ITEMS.get(type);
  return isWhole(item) ? undefined : SOFT_ID;
}

const ITEM: Place = { ...fields({ content: PART, output: PART, encrypted_content: OPAQUE }), also: itemOf };
const MESSAGE = fields({
  content: PART,
  attachments: FILES,
  audio: fields({ id: hidden }),
  reasoning_details: fields({ data: OPAQUE }),
});
const THREAD = { messages: MESSAGE, tool_resources: RESOURCES };
const RUN = {
  assistant_id: shownAt('assistants'),
  additional_messages: MESSAGE,
  tools: TOOLS,
  tool_resources: RESOURCES,
};

const responses = fields({
  previous_response_id: RESPONSE,
  conversation: { ...CONVERSATION, ...fields({ id: CONVERSATION }) },
  input: ITEM,
  prompt: PROMPT,
  tools: TOOLS,
  prompt_cache_options: fields({ comparison_response_id: RESPONSE }),
});

const session = {
  voice: VOICE,
  prompt: PROMPT,
  tools: TOOLS,
  input: ITEM,
  audio: fields({ output: fields({ voice: VOICE }) }),
};
const delegation = fields({ responses });
const REALTIME = fields({ ...session, delegation, session: fields({ ...session, delegation }) });

const hosted = {
  ...file_id,
  files: FILES,
  skills: SKILLS,
  environment_template_id: shownAt('agents/environments/templates'),
};
const agent = {
  agent_id: AGENT,
  session_id: SESSION,
  vault_ids: shownAt('vaults'),
  agent: fields({ model: MODEL, tools: TOOLS }),
  environment: fields({ ...hosted, environment_id: ENVIRONMENT }),
  input: fields({ content: PART, input: fields({ content: PART }) }),
};
const AGENTS = fields({ ...agent, ...hosted, tools: TOOLS, target: fields(agent) });

const VIDEO = shownAt('videos');
const STORES = fields({ ...file_id, file_ids: FILE, files: FILES });

const EVAL_SOURCE: Place = { also: ({ type }) => (type === 'file_id' ? fields({ id: FILE }) : undefined) };

/** Of a path nobody documented only what is known by name and owner counts. */
const UNHEARD_OF = fields({
  previous_response_id: softly(RESPONSE),
  conversation: softly(CONVERSATION),
  file_id: softly(FILE),
  file_ids: softly(FILE),
  input_file_id: softly(FILE),
  vector_store_ids: softly(STORE),
  thread_id: softly(shownAt('threads')),
  assistant_id: softly(shownAt('assistants')),
  container_id: LATER,
});

/** Bodies by operation. The model itself is looked at for all of them. */
export const bodies: ReadonlyMap<string, Place> = new Map([
  ['chat', fields({ messages: MESSAGE, audio: fields({ voice: VOICE }) })],
  ['responses', responses],
  ['images', fields({ image: FILES, images: FILES, mask: FILES })],
  ['audio', fields({ voice: VOICE, consent: shownAt('audio/voice_consents') })],
  ['conversations', fields({ items: ITEM })],
  ['threads', fields({ content: PART, attachments: FILES, ...THREAD, ...RUN, thread: fields(THREAD) })],
  ['assistants', fields({ tools: TOOLS, tool_resources: RESOURCES })],
  ['uploads', fields({ part_ids: hidden })],
  ['batches', fields({ input_file_id: FILE })],
  ['vector_stores', STORES],
  ['fine_tuning', fields({ training_file: FILE, validation_file: FILE })],
  ['containers', fields({ ...file_id, file_ids: FILE, skills: SKILLS })],
  [
    'evals',
    fields({ data_source: fields({ model: MODEL, source: EVAL_SOURCE, sampling_params: fields({ tools: TOOLS }) }) }),
  ],
  [
    'videos',
    fields({
      video: fields({ id: VIDEO }),
      input_reference: FILES,
      characters: fields({ id: shownAt('videos/characters') }),
    }),
  ],
  ['realtime', REALTIME],
  ['live', REALTIME],
  ['agents', AGENTS],
  ['other', UNHEARD_OF],
]);

/** Filters of lists that name objects, by operation. */
export const queries: ReadonlyMap<string, Place> = new Map([
  ['threads', fields({ run_id: softly(hidden) })],
  ['agents', fields({ agent_id: AGENT, session_id: SESSION, environment_id: ENVIRONMENT })],
]);
