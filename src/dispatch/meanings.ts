/**
 * What vendors call the same thing: the codes they send, and the words of those who send none. Data only.
 * Source: error bodies as OpenAI, Azure, OpenRouter, Anthropic, Gemini, Mistral, Groq, xAI, DeepSeek, Moonshot, DashScope,
 * Fireworks, LiteLLM, new-api, vLLM, Ollama and LM Studio were seen to send them.
 */
import type { ErrorFacts } from './signals.ts';

/** What an error says, whatever its status. */
export type Meaning =
  | 'no-model'
  | 'not-for-this'
  | 'bad-key'
  | 'no-right'
  | 'no-credit'
  | 'no-region'
  | 'moderated'
  | 'too-large'
  | 'no-provider';

interface Signs {
  readonly codes?: ReadonlySet<string>;
  readonly words?: RegExp;
}

const codes = (list: string) => new Set(list.split(' '));

const SIGNS: Readonly<Record<Meaning, Signs>> = {
  // The endpoint does not have the model.
  'no-model': {
    codes: codes(
      'model_not_found deploymentnotfound unknown_model invalid_model model_not_available unavailable_model ' +
        'model_not_supported model_decommissioned key_model_access_denied invalidendpointormodel.notfound',
    ),
    words: new RegExp(
      [
        'not a valid model\\b',
        '\\b(invalid|unknown|unavailable|no such) (model|deployment)\\b(?! (param|output|response|field|arg))',
        '\\b(models?|deployment)\\b(?:[^.]|\\.(?=\\S)){0,120}?(\\bnot|n.t) (be )?(found|exist|available|deployed)\\b',
        '\\bmodel\\b(?:[^.]|\\.(?=\\S)){0,120}? (decommissioned|retired|discontinued)\\b',
        'not found the model\\b',
        'not supported by any provider',
        '^model: \\S+$',
        '\\bapi[- ]version\\b',
      ].join('|'),
      'i',
    ),
  },
  // It has the model, but not for what the call wants of it.
  'not-for-this': {
    codes: codes('operationnotsupported'),
    words: /\b(not|only) supported in (the )?v1\/|model does not support [\w ]{1,40}\bAPI\b/i,
  },
  'bad-key': {
    codes: codes('invalid_api_key api_key_invalid account_deactivated organization_restricted'),
    words:
      /\b(incorrect|invalid|expired) api[- ]?key\b|\bapi[- ]?key\b(?:[^.]|\.(?=\S)){0,40}?\b(not valid|invalid|expired|revoked|disabled|leaked|suspended)\b/i,
  },
  // The key is good, but not for this operation.
  'no-right': { words: /\bmissing scopes?\b/i },
  'no-credit': {
    codes: codes(
      'insufficient_quota billing_hard_limit_reached billing_not_active insufficient_credits insufficient_user_quota ' +
        'exceeded_current_quota_error budget_exceeded billing_error arrearage accountoverdueerror',
    ),
    words:
      /credit balance|insufficient (credit|fund|balance|quota)|balance is insufficient|billing (hard )?limit|spending limit|key limit exceeded|budget has been exceeded|余额不足/i,
  },
  'no-region': { words: /\blocation is not supported\b/i },
  moderated: { codes: codes('content_policy_violation content_filter moderation_blocked data_inspection_failed') },
  // This one call asks for more than the account has at once; smaller ones are served.
  'too-large': { words: /^request too large\b|\bcan only afford\b|\btokens limit exceeded\b/i },
  // A router without a provider for just this call.
  'no-provider': { words: /\bno (endpoints found|allowed providers)\b/i },
};

/**
 * True when the error says so. Words are believed only where nothing in the call is blamed: an error about a parameter repeats
 * what the caller wrote, and nobody shall take an endpoint out for others by writing "credit balance" somewhere.
 */
export function means(meaning: Meaning, { codes, param, said }: ErrorFacts): boolean {
  const signs = SIGNS[meaning];
  if (signs.codes && codes.some((code) => signs.codes?.has(code))) return true;
  return (param === undefined || param === 'model') && signs.words?.test(said) === true;
}
