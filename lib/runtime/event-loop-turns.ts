/**
 * Gives each caller a turn of the event loop of its own: what waits for time or input comes first, and callers that come
 * together do not hold it up together.
 */
export function eventLoopTurns(): () => Promise<void> {
  let last = Promise.resolve();
  return () => {
    last = last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return last;
  };
}
