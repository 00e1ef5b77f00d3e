/**
 * The shape of a gateway's configuration, whatever format it is written in: every option of the library that is data, and the
 * gateway's own. The published JSON Schema is made from it.
 */
import { z } from 'zod';
import { above, expected, flag, number, strict, text, whole, word } from '../../config/fields.ts';
import { modelPattern } from '../../config/model-map-schema.ts';
import { endpointOptions, member } from './endpoint-fields.ts';
import { callFields, poolFields } from './pool-fields.ts';

const MIB = 2 ** 20;
const NAME = "a name of 1 to 128 characters without '$', blanks at its ends or control characters";

/** A name that may stand in front of `$`. */
export const groupName = z
  .string(expected(NAME))
  .regex(/^(?!\s)[^$\p{Cc}]{1,128}(?<!\s)$/u, { error: `must be ${NAME}` });

const keyText = text('a key; an empty one would let everybody in').refine((key) => /^[\x21-\x7e]+$/.test(key), {
  error: 'holds a blank, a line break or a character that no header can carry',
});

const keyName = z
  .string(expected('a name'))
  .regex(/^[\w.@-]{1,64}$/, { error: "must be a name of 1 to 64 letters, digits, '.', '_', '@' or '-'" });

const amount = above('an amount above 0, in the currency of prices');

const budget = z
  .union(
    [amount, strict({ amount, per: word('a time', ['day', 'month']).default('month') })],
    expected('an amount, or { amount, per }'),
  )
  .transform((value) => (typeof value === 'number' ? { amount: value, per: 'month' as const } : value));

/** What a client key has beside the key itself. */
const keyFields = {
  name: keyName.describe('How the key is called in logs and figures.'),
  groups: z
    .array(text('a group or model name'), expected('an array of group or model names'))
    .min(1, expected('at least one name; leave groups out for all'))
    .optional()
    .describe('The public model names it may use. Default: all.'),
  limits: strict({
    requestsPerMinute: above('a number above 0').optional(),
    tokensPerMinute: above('a number above 0').optional(),
    budget: budget.optional().describe('What it may spend per calendar month (or day), UTC; needs prices.'),
  })
    .optional()
    .describe('What it may use. Default: no limit.'),
  expiresAt: z
    .string(expected('a date such as 2030-01-31T00:00:00Z'))
    .refine((value) => !Number.isNaN(Date.parse(value)), { error: 'must be a date such as 2030-01-31T00:00:00Z' })
    .optional()
    .describe('From then on it is refused.'),
};

const { name: nameOfKey, ...mayUse } = keyFields;
const clientKey = strict({
  name: nameOfKey,
  key: keyText.describe('What clients send as Bearer token or x-api-key; best a reference such as ${TEAM_KEY}.'),
  ...mayUse,
});

/** A client key that the gateway makes itself. */
export const newKey = strict(keyFields, {
  key: 'is made by the gateway, and shown once',
  id: 'is given by the gateway',
  role: 'does not exist: a client key makes calls, and admin keys stand in the configuration file',
});

const price = strict({
  input: number('a price of 0 or more per million tokens', 0).describe('Per million tokens that go in.'),
  output: number('a price of 0 or more per million tokens', 0).describe('Per million tokens that come out.'),
  cachedInput: number('a price of 0 or more per million tokens', 0)
    .optional()
    .describe('Per million tokens read from a cache. Default: as input.'),
});

/** A group. */
export const group = strict({
  ...callFields,
  endpoints: z
    .array(member, expected('an array of { endpoint, model }'))
    .min(1, expected('an array of at least one { endpoint, model }'))
    .describe("Who serves the group's model, in order."),
  fallback: z
    .array(text("a group's name"), expected('an array of group names'))
    .default([])
    .describe('Groups that are asked, in order, when nobody here can serve a call.'),
});

const store = z.union(
  [
    strict({
      path: text('a path').describe('The file; from the folder of the configuration on.'),
      type: z.literal('sqlite').optional(),
    }),
    strict({ type: z.literal('memory') }),
    strict({ type: z.literal('redis'), url: text('a URL such as redis://localhost:6379') }),
  ],
  expected("{ path: './gateway.db' }, { type: 'memory' } or { type: 'redis', url }"),
);

/** The whole configuration. */
export const gatewayConfig = strict({
  $schema: z.string().optional(),
  endpoints: z
    .array(endpointOptions, expected('an array of endpoints'))
    .min(1, expected('an array of at least one endpoint'))
    .optional()
    .describe('Who serves calls. Default: what OPENAI_API_KEYS, ANTHROPIC_API_KEYS and SERVICE_ENDPOINTS say.'),
  groups: z
    .record(groupName, group, expected("an object such as { 'gpt-5': { endpoints: [{ endpoint, model }] } }"))
    .default({})
    .describe('Public model names, each with who serves it.'),
  clientKeys: z.array(clientKey, expected('an array of { name, key }')).default([]).describe('Who may make calls.'),
  adminKeys: z
    .array(strict({ name: keyName, key: keyText }), expected('an array of { name, key }'))
    .default([])
    .describe('Who may administrate; no key for calls.'),
  store: store
    .optional()
    .describe(
      'Where client keys, usage, calls and what the dashboard changes are kept. Default: load-balanced-openai.db beside this file.',
    ),
  admin: strict({
    allowInsecure: flag().default(false).describe('Whether the admin API takes plain-http and loopback addresses.'),
    hosts: z
      .array(text('a host name such as gateway.example.com'), expected('an array of host names'))
      .default([])
      .describe('Names under which the admin API and the dashboard are reached, beside localhost and IP addresses.'),
  }).prefault({}),
  limits: strict({
    bodyBytes: whole('a whole number of bytes above 0', 1)
      .default(64 * MIB)
      .describe('The largest JSON body.'),
    uploadBytes: whole('a whole number of bytes above 0', 1)
      .default(1024 * MIB)
      .describe('The largest upload.'),
    bodyBytesAtOnce: whole('a whole number of bytes above 0', 1)
      .default(1024 * MIB)
      .describe('The most that is held of all bodies at once.'),
    connections: whole('a whole number above 0', 1).default(10_000).describe('The most connections at once.'),
    connectionsPerAddress: whole('a whole number above 0', 1)
      .default(2_000)
      .describe('The most of them from one address (of IPv6: one /64 network); this machine’s own count in all only.'),
  })
    .prefault({})
    .describe('How large a call may be, and how many connections there are.'),
  log: strict({
    bodies: word('what is kept of bodies', ['off', 'errors', 'all'])
      .default('off')
      .describe('Of which calls the JSON that clients sent is kept, its first 16 KiB.'),
    retentionDays: above('a number of days above 0')
      .default(7)
      .describe('How long calls are kept; sums of usage stay.'),
    maxRows: whole('a whole number of 0 or more', 0)
      .default(1_000_000)
      .describe('How many calls are kept; 0 = only sums of usage.'),
  })
    .prefault({})
    .describe('What is kept of calls.'),
  prices: z
    .record(modelPattern(), price, expected("an object such as { 'gpt-5': { input: 1.25, output: 10 } }"))
    .default({})
    .describe('Prices by model, exact or prefix*, per million tokens.'),
  ...poolFields,
});

/** A configuration that fits the schema. */
export type GatewayConfig = z.output<typeof gatewayConfig>;
