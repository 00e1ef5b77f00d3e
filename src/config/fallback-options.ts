/** `fallbacks` as users write it. `fallback-schema.ts` holds the same at run time. */

/** Model name → the models asked in its place, in this order. Keys are exact names, `prefix*` or `*`; the longest match counts. */
export type ModelLists = Readonly<Record<string, readonly string[]>>;

/** Other models for a call that no endpoint can serve with its own: public names, before any model map. */
export interface FallbackOptions {
  /** Asked when the prompt is too long for the model. */
  contextLength?: ModelLists | undefined;
  /** Asked when a content filter refused the prompt. */
  contentFilter?: ModelLists | undefined;
  /** Asked when no endpoint can serve the model; `$1` is what `*` of the key matched. */
  [model: string]: readonly string[] | ModelLists | undefined;
}
