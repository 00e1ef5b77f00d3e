// Property tests draw the same numbers at every run, so that a red one stays red; SEED=… in the environment draws others,
// FULL=1 draws twenty times as many.
import fc from 'fast-check';

const { SEED, FULL } = process.env;

fc.configureGlobal({ seed: SEED === undefined ? 1 : Number(SEED) });

/** How often a property is tried. */
export const runs = (times: number) => ({ numRuns: FULL ? times * 20 : times });

export { fc };
