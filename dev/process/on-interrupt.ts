/**
 * Runs `stop` once at SIGINT or SIGTERM and then ends this process with the signal's usual exit code. A second
 * signal ends it at once; the reaper then does the rest. Returns a function that takes the handlers away.
 */
export function onInterrupt(stop: () => Promise<void>): () => void {
  const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
  let isStopping = false;
  const handlers = (['SIGINT', 'SIGTERM'] as const).map((signal) => {
    const handler = (): void => {
      if (isStopping) process.exit(exitCodes[signal]);
      isStopping = true;
      stop().then(
        () => process.exit(exitCodes[signal]),
        (error: unknown) => {
          console.error(error instanceof Error ? error.message : error);
          process.exit(1);
        },
      );
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler);
  };
}
