/** What is left to do when the process, or the thread, ends. One listener for all, however many stores there are. */

const left = new Set<() => void>();
let listens = false;

/** Runs it at the end. @returns what takes that back */
export function atExit(run: () => void): () => void {
  if (!listens)
    process.once('exit', () => {
      for (const each of left) each();
    });
  listens = true;
  left.add(run);
  return () => left.delete(run);
}
