/** The options of one endpoint as a file can hold them. Part of the gateway's schema. */
import { z } from 'zod';
import { ownOptions } from '../../config/endpoint-schema.ts';
import { expected, strict, text, word } from '../../config/fields.ts';
import { endpointFields, isSendable, UNSENDABLE } from '../../config/sdk-options.ts';

/** The types an endpoint of the gateway may have. */
export const gatewayTypes = ['openai', 'azure', 'anthropic'] as const;

const { client: _client, type: _type, ...own } = ownOptions().shape;
const { baseURL, endpoint, apiVersion, deployment, timeout, organization, project, adminAPIKey } =
  endpointFields().shape;
const { dataResidency, defaultQuery } = endpointFields().shape;

const headers = z.record(
  z.string(),
  z.string(expected('text')).nullable(),
  expected("an object such as { 'x-team': 'search' }"),
);

/** Pools number an endpoint that stands in them several times so. */
const NUMBERED = /\.\.\d+$/;

/** One endpoint. */
export const endpointOptions = strict(
  {
    ...own,
    name: own.name.refine((name) => name === undefined || !NUMBERED.test(name), {
      error: "must not end in '..' and a number, which is how the gateway counts places in groups",
    }),
    type: word('an endpoint type', gatewayTypes)
      .optional()
      .describe("What it speaks: 'openai' (default), 'azure' or 'anthropic'."),
    apiKey: z
      .string(expected('a key, such as ${OPENAI_API_KEY}'))
      .refine(isSendable, { error: UNSENDABLE })
      .optional()
      .describe("Its key; '' = none at the moment: the endpoint is skipped."),
    baseURL,
    endpoint,
    apiVersion,
    deployment,
    timeout,
    organization,
    project,
    adminAPIKey,
    dataResidency,
    defaultQuery,
    defaultHeaders: headers.optional(),
  },
  {
    maxRetries: 'counts for a whole call; put it beside endpoints, not into one',
    client: 'is an object of a program; in a file say baseURL and apiKey',
  },
);

/** An endpoint of a group: which one, and what it calls the group's model. */
export const member = strict({
  endpoint: text("an endpoint's name").describe('The name of an endpoint of this file.'),
  model: text('a model name').optional().describe("The endpoint's own name for the model. Default: the group's name."),
  weight: own.weight,
  priority: own.priority,
});
