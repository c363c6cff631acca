import { jest } from '@jest/globals';

/**
 * Timers stand still until `passTime`: no time limit, ours or the SDK's, ends because the machine is busy. `Date` and whatever
 * moves data go on.
 */
export function stopTimers(): void {
  jest.useFakeTimers({
    doNotFake: [
      ...(['Date', 'hrtime', 'performance', 'nextTick', 'queueMicrotask'] as const),
      ...(['setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'] as const),
    ],
  });
}

export function passTime(ms: number): void {
  jest.advanceTimersByTime(ms);
}

export function startTimers(): void {
  jest.useRealTimers();
}
