/** How much an answer is, in output tokens: what its time is divided by before endpoints are compared. Pure. */

/** The output tokens that a reply's usage names; `undefined` when it names none. */
export function outputTokens(usage: unknown): number | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined;
  const { completion_tokens, output_tokens } = usage as Record<string, unknown>;
  const tokens = completion_tokens ?? output_tokens;
  return typeof tokens === 'number' && tokens > 0 ? tokens : undefined;
}
