import fc from 'fast-check';
import { targets } from './fuzz/targets.ts';

/** The fuzz targets with one fixed seed, a few hundred inputs each; `npm run fuzz` takes fresh ones for as long as it is told. */
test.each(targets)('$name: no input throws, hangs or gets more than it should', async ({ property }) => {
  await fc.assert(property, { seed: 20_260_101, numRuns: 300 });
});
