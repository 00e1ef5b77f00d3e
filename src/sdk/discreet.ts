/**
 * Request options that print without what the call brought along. They hang on promises and pages of the SDK, which people log.
 * Why methods that are not listed: the SDK and whoever reads the options find them unchanged.
 */

interface Printed {
  readonly method?: unknown;
  readonly path?: unknown;
}

function printed(this: Printed): object {
  const { method, path } = this;
  return { method, path };
}

/** The same object, which prints and serialises as its method and path only. */
export function discreet<Options extends object>(options: Options): Options {
  for (const name of [Symbol.for('nodejs.util.inspect.custom'), 'toJSON'])
    Object.defineProperty(options, name, { value: printed, configurable: true, writable: true });
  return options;
}
