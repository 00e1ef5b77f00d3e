/** Checks what `withOptions` is given, as the constructor checks its own: the SDK would fail later, in the middle of a call. */
import { check } from './check.ts';
import { Problems } from './problems.ts';
import { azureKeys, clientFields, clientKeys } from './sdk-options.ts';
import { split } from './split.ts';
import { nearest, shownName } from './suggest.ts';

const known: readonly string[] = [...clientKeys, ...azureKeys];
const names: ReadonlySet<string> = new Set(known);

/** @throws ConfigurationError for a value that cannot be, or a name that is nearly one the SDK knows; others it ignores itself. */
export function checkOverrides(options: object): void {
  const problems = new Problems();
  const { sdk, unknown } = split(options, new Set(), names);
  check(clientFields(), sdk, 'withOptions', problems);
  for (const name of unknown) {
    const meant = nearest(name, known);
    if (meant)
      problems.add('unknown_option', `withOptions.${shownName(name)}`, `unknown option; did you mean ${meant}?`);
  }
  problems.throwIfAny();
}
