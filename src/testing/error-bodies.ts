/**
 * The error body OpenAI sends with each status, for steps that give a status and nothing else.
 */
import type { StatusStep } from './steps.ts';

/** status → type, code, message. */
const USUAL: Record<number, readonly [type: string, code: string | null, message: string]> = {
  400: ['invalid_request_error', null, 'Invalid request.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  402: ['billing_error', 'payment_required', 'Payment required.'],
  403: [
    'invalid_request_error',
    'unsupported_country_region_territory',
    'Country, region, or territory not supported.',
  ],
  404: ['invalid_request_error', null, 'Not found.'],
  408: ['timeout_error', null, 'Request timed out.'],
  409: ['conflict_error', null, 'The resource is locked.'],
  413: ['invalid_request_error', null, 'Request too large.'],
  415: ['invalid_request_error', null, 'Unsupported media type.'],
  422: ['invalid_request_error', null, 'Unprocessable entity.'],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached for requests.'],
  503: ['server_error', null, 'The engine is currently overloaded, please try again later.'],
  529: ['overloaded_error', null, 'Overloaded.'],
};

/** The body of an error step: `{ error: { message, type, param, code } }`. */
export function errorBody(step: StatusStep): { error: Record<string, unknown> } {
  const fallback = step.status >= 500 ? (['server_error', null] as const) : (['invalid_request_error', null] as const);
  const [type, code, message] = USUAL[step.status] ?? [...fallback, `Status ${step.status}.`];
  const given = step.code === undefined ? code : step.code;
  const kind = step.type ?? (given === 'insufficient_quota' ? 'insufficient_quota' : type);
  return { error: { message: step.message ?? message, type: kind, param: null, code: given } };
}
