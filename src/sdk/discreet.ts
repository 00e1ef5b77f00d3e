/**
 * Request options that print without what the call brought along. They hang on promises and pages of the SDK, which people log.
 * Why by their prototype: the SDK and whoever reads the options find nothing among them that the call did not bring.
 */

interface Printed {
  readonly method?: unknown;
  readonly path?: unknown;
}

class Discreet {
  toJSON(): Printed {
    const { method, path } = this as Printed;
    return { method, path };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): Printed {
    return this.toJSON();
  }
}

/** A copy that prints and serialises as its method and path only. */
export function discreet<Options extends object>(options: Options): Options {
  return Object.assign(new Discreet(), options);
}
