/**
 * A Messages call as a chat call. What has no counterpart and changes only how well it goes is left out (`top_k`, `thinking`, cache
 * marks); what would change the answer's meaning is refused. Pure.
 */
import { createHash } from 'node:crypto';
import { chatMessages } from './chat-messages.ts';
import { chatTools } from './chat-tools.ts';
import { isObject, type Loose, listAt, objectAt, textAt, wrongField } from './read-fields.ts';

/** The longest name of a user that OpenAI takes. */
const LONGEST_USER = 64;

/** Who the user is; a longer name by what stands for it, always the same. */
function userOf(metadata: unknown): Loose {
  const id = isObject(metadata) ? metadata.user_id : undefined;
  if (typeof id !== 'string' || id === '') return {};
  return { user: id.length <= LONGEST_USER ? id : createHash('sha256').update(id).digest('hex') };
}

const EFFORTS: Readonly<Record<string, string>> = { max: 'xhigh' };

function outputOf(config: unknown): Loose {
  if (config === undefined || config === null) return {};
  const { effort, format } = objectAt(config, 'output_config');
  const schema = (isObject(format) ? format : {}).schema;
  return {
    ...(typeof effort === 'string' && { reasoning_effort: EFFORTS[effort] ?? effort }),
    ...(isObject(format) && {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'output', schema: objectAt(schema, 'output_config.format.schema'), strict: true },
      },
    }),
  };
}

function lengthOf(value: unknown): number {
  if (value === undefined) throw wrongField('max_tokens', 'Field required');
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    throw wrongField('max_tokens', 'Input should be a whole number of 1 or more');
  return value;
}

const numbers = (call: Loose, names: readonly string[]): Loose =>
  Object.fromEntries(names.flatMap((name) => (typeof call[name] === 'number' ? [[name, call[name]]] : [])));

const TIERS: Readonly<Record<string, string>> = { auto: 'auto', standard_only: 'default' };

/** The chat call that asks the same. @throws Refused for what cannot be asked there. */
export function chatCall(call: Loose): Loose {
  const { stop_sequences, service_tier } = call;
  const stops =
    stop_sequences === undefined || stop_sequences === null
      ? []
      : listAt(stop_sequences, 'stop_sequences').map((stop, index) => textAt(stop, `stop_sequences.${index}`));
  const tier = typeof service_tier === 'string' ? TIERS[service_tier] : undefined;
  return {
    model: textAt(call.model, 'model'),
    messages: chatMessages(call.system, call.messages),
    max_completion_tokens: lengthOf(call.max_tokens),
    ...numbers(call, ['temperature', 'top_p']),
    ...(stops.length > 0 && { stop: stops }),
    ...chatTools(call.tools, call.tool_choice),
    ...userOf(call.metadata),
    ...outputOf(call.output_config),
    ...(tier !== undefined && { service_tier: tier }),
    ...(call.stream === true && { stream: true, stream_options: { include_usage: true } }),
  };
}
