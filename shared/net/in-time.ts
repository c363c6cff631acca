import type { Refusal } from '../reasons.ts';
import type { Deadline } from './deadline.ts';

/** What `work` comes to, waited for no longer than the deadline: then it rejects with `late()`, and the work goes on. */
export function inTime<T>(work: Promise<T>, { signal }: Pick<Deadline, 'signal'>, late: () => Refusal): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(late());
    if (signal.aborted) ended();
    signal.addEventListener('abort', ended, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', ended));
  });
}
