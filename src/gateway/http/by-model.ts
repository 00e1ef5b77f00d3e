/**
 * Which calls are for one model that their body names (of a socket: its query), and for nothing else: what keys with groups or a budget may make. Why a list:
 * a path can name a model or a deployment as well, and a batch holds calls for any; nobody could tell whose they are.
 */
import { operationNames } from '../../call/operations.ts';

const KNOWN =
  /^\/(chat\/completions|completions|responses(\/(compact|input_tokens))?|embeddings|moderations|images\/(generations|edits|variations)|audio\/(speech|transcriptions|translations)|messages(\/count_tokens)?|realtime(\/translations)?)$/;
/** As vendors have them, such as `/rerank`. */
const ONE_WORD = /^\/[\w-]+$/;

/** Is this a call for the model in its body? @param path below `/v1`. */
export function isByModel(path: string): boolean {
  return KNOWN.test(path) || (ONE_WORD.test(path) && !operationNames.has(path.slice(1)));
}

/** Objects that cost nothing until a call uses them. */
const FREE = /^\/(files|uploads|models|conversations|vector_stores)(\/|$)/;

/** May this call use tokens? @param method upper case. @param path below `/v1`. */
export function mayCost(method: string, path: string): boolean {
  return method === 'POST' && !FREE.test(path);
}
