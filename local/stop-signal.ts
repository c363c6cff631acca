/**
 * Resolves when the process is asked to end (SIGINT, SIGTERM). Call it before telling anyone that it can be: whoever reads that may
 * be quicker than the next line, and a signal that nobody listens for kills the process.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
