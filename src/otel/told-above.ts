/** Whether an instrumentation of the SDK's tells of a call already. */
import { type Context, trace } from '@opentelemetry/api';

/** True where somebody else's span tells of the model call already: what the tokens were is said there, and once is enough. */
export function isToldAbove(around: Context): boolean {
  const { attributes } = (trace.getSpan(around) ?? {}) as { readonly attributes?: Readonly<Record<string, unknown>> };
  return (
    attributes !== undefined &&
    ['gen_ai.operation.name', 'gen_ai.system', 'openinference.span.kind', 'llm.request.type'].some(
      (name) => name in attributes,
    )
  );
}
