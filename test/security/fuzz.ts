import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { targets } from './fuzz/targets.ts';

/**
 * `node test/security/fuzz.ts [SECONDS] [NAME]`: every target in turn with fresh seeds until the time is over, 60 s by
 * default, or the targets whose name contains NAME. A failure is printed with the seed and path that bring it back.
 */
const [seconds = '60', only = ''] = process.argv.slice(2);
const chosen = targets.filter(({ name }) => name.toLowerCase().includes(only.toLowerCase()));
if (!(Number(seconds) > 0) || chosen.length === 0) {
  console.error(
    `usage: node test/security/fuzz.ts [SECONDS] [NAME]; targets: ${targets.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}
const share = (Number(seconds) * 1000) / chosen.length;

for (const { name, property } of chosen) {
  const ends = performance.now() + share;
  let runs = 0;
  let failed = false;
  while (!failed && performance.now() < ends) {
    const seed = randomInt(2 ** 31);
    const found = await fc.check(property, {
      seed,
      numRuns: 200,
      interruptAfterTimeLimit: Math.max(1, ends - performance.now()),
    });
    runs += found.numRuns;
    failed = found.failed && !found.interrupted;
    if (!failed) continue;
    console.log(`${name}: fails with seed ${seed}, path "${found.counterexamplePath}"`);
    console.log(fc.stringify(found.counterexample));
    console.log(found.errorInstance);
    process.exitCode = 1;
  }
  console.log(`${name}: ${runs} inputs${failed ? ', FAILED' : ''}`);
}
