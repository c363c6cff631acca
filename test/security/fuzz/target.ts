import fc from 'fast-check';
import { Refusal } from '../../../shared/reasons.ts';
import { startCpu } from '../../fixtures/cpu.ts';

/** One kind of input from outside: what is made of it, and what must hold whatever it is. Throws where it does not. */
export interface Target {
  readonly name: string;
  readonly property: fc.IAsyncProperty<[unknown]>;
}

/** CPU milliseconds that one input of these sizes may cost: far over what any does, far under a regular expression run wild. */
const maxCpu = 1500;

/** A target of that name whose every input is checked, and may not cost much. */
export function target<T>(name: string, input: fc.Arbitrary<T>, check: (input: T) => void | Promise<void>): Target {
  const property = fc.asyncProperty(input, async (value) => {
    const spent = startCpu();
    await check(value);
    const cpu = spent();
    demand(cpu < maxCpu, `cost ${cpu} ms of CPU`);
  });
  return { name, property: property as unknown as fc.IAsyncProperty<[unknown]> };
}

export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** What `work` gives, or `undefined` where it refuses in its own words; any other error is a defect. */
export function orRefused<T>(work: () => T, own: (thrown: unknown) => boolean): T | undefined {
  try {
    return work();
  } catch (thrown) {
    if (own(thrown)) return undefined;
    throw thrown;
  }
}

/** One of the three kinds of no, and no defect that was made into one. */
export const isRefusal = (thrown: unknown) => thrown instanceof Refusal && thrown.reason !== 'internal-error';
