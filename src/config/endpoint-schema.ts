/** The run-time shape of one endpoint: which keys it may have, and the values of those that are ours. */
import { z } from 'zod';
import { operationNames } from '../call/operations.ts';
import { above, expected, lazily, number, strict, text, thing, whole, word } from './fields.ts';
import { modelMap, modelPattern } from './model-map-schema.ts';
import { kindOf } from './problems.ts';
import { endpointTypes } from './schema.ts';
import { azureKeys, clientKeys } from './sdk-options.ts';
import { didYouMean } from './suggest.ts';

const operation = () =>
  z.string(expected('an operation name')).superRefine((name, context) => {
    if (operationNames.has(name)) return;
    const known = [...operationNames].map((each) => `'${each}'`).join(', ');
    context.addIssue({
      code: 'custom',
      message: `is no operation${didYouMean(name, operationNames)}; known are ${known}`,
    });
  });

const list = (item: z.ZodType<string, string>, what: string) =>
  z
    .array(item, expected(`an array of ${what}`))
    .min(1, expected(`an array of at least one of ${what}; leave it out for all`));

const NAME = "a name of 1 to 64 letters, digits, '.', '_' or '-' ('$' is not allowed)";

/** An option that must be the name of an environment variable, and is easily taken for the place of the key itself. */
const variable = () =>
  z.string(expected('the name of an environment variable')).regex(/^[A-Za-z_]\w*$/, {
    error: 'must be the name of an environment variable, such as OPENAI_KEY_2; a key itself belongs in apiKey',
  });

const shape = () => ({
  name: z
    .string(expected(NAME))
    .regex(/^(?!sk-)[\w.-]{1,64}$/, { error: ({ input }) => `must be ${NAME}, and no key, got ${kindOf(input)}` })
    .optional(),
  type: word('an endpoint type', endpointTypes).optional(),
  client: thing('an SDK client').optional(),
  modelMap: modelMap().optional(),
  models: list(modelPattern(), 'model names').optional(),
  operations: list(operation(), 'operation names').optional(),
  weight: number('a number of 0 or more', 0).optional(),
  priority: number('a number', -Number.MAX_VALUE).optional(),
  tags: z.array(text('a label'), expected('an array of labels')).optional(),
  limits: strict({
    requestsPerMinute: above('a number above 0').optional(),
    tokensPerMinute: above('a number above 0').optional(),
    maxConcurrent: whole('a whole number of 1 or more', 1).optional(),
  }).optional(),
  quotaGroup: text('a name for what the endpoints share').optional(),
  apiKeyEnv: variable().optional(),
});

/** The endpoint options that are ours. */
export const ownOptions = lazily(() => strict(shape()));

/** Their values. */
export type OwnOptions = z.output<ReturnType<typeof ownOptions>>;

/** Names of the endpoint options that are ours. */
export const ownKeys = lazily((): ReadonlySet<string> => new Set(Object.keys(ownOptions().shape)));

/** Names of the SDK's options that an endpoint passes to its client. */
export const endpointSdkKeys: ReadonlySet<string> = new Set<string>([...clientKeys, ...azureKeys]);
