/** An async iterator over something that answers one question at a time: whoever asks before it has answered is served in turn. */

/** @param busy an answer is awaited. @param next asks for one. */
export function inTurn<Item>(
  busy: () => boolean,
  next: () => Promise<IteratorResult<Item>>,
): () => Promise<IteratorResult<Item>> {
  let last: Promise<unknown> = Promise.resolve();
  let behind = 0;
  const queued = () => {
    behind -= 1;
    return next();
  };
  return () => {
    const waits = behind > 0 || busy();
    if (waits) behind += 1;
    const result = waits ? last.then(queued, queued) : next();
    last = result;
    return result;
  };
}
