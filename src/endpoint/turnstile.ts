/**
 * Spreads failures that come all at once over turns of the event loop.
 * Why: when an endpoint dies with thousands of calls open, judging them and sending them elsewhere in one go would hold up
 * everything else the process does, for longer than the plain SDK, which waits before it tries again.
 */

/** So many pass at once; the others wait for the next turns. A turn of so many takes a few ms. */
const PER_TURN = 64;

/** Makes a turnstile: what it returns runs `run` now or in one of the next turns of the event loop, in order. */
export function turnstile(): (run: () => void) => void {
  const waiting: (() => void)[] = [];
  let passed = 0;
  const nextTurn = () => {
    const due = waiting.splice(0, PER_TURN);
    passed = due.length;
    if (passed > 0) setImmediate(nextTurn);
    for (const run of due) run();
  };
  return (run) => {
    if (passed === 0) setImmediate(nextTurn);
    if (passed < PER_TURN) {
      passed += 1;
      run();
    } else waiting.push(run);
  };
}
