import type { Deadline } from './deadline.ts';

/**
 * What `work` comes to, waited for no longer than the deadline: then it rejects with `late()`, and the work goes on. The one
 * place where somebody waits until a signal; turns.ts alone has a line of its own, in which many wait for one.
 */
export function inTime<T>(work: Promise<T>, { signal }: Pick<Deadline, 'signal'>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(late());
    if (signal.aborted) ended();
    signal.addEventListener('abort', ended, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', ended));
  });
}

/** Whether an answer has to be waited for. What is there at once is taken without a turn of the event loop. */
export function isPromise<T>(answer: T | Promise<T>): answer is Promise<T> {
  return typeof answer === 'object' && answer !== null && 'then' in answer;
}
