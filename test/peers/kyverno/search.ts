import { randomInt } from 'node:crypto';
import { loadRegExps } from '../../../shared/regexp.ts';
import { compare } from './comparison.ts';
import { comparisons } from './comparisons.ts';
import { startOracle } from './oracle.ts';

/**
 * `node test/peers/kyverno/search.ts [SECONDS] [NAME]`: asks Kyverno and Countersign the same questions, with fresh seeds until the
 * time is over, 60 s by default, of the comparisons whose name contains NAME. Prints what is answered in two ways.
 */
const [seconds = '60', only = ''] = process.argv.slice(2);
const chosen = comparisons.filter(({ name }) => name.toLowerCase().includes(only.toLowerCase()));
await loadRegExps();
const oracle = await startOracle();
try {
  for (const { name, cases } of chosen) {
    const ends = performance.now() + (Number(seconds) * 1000) / chosen.length;
    let asked = 0;
    let found = 0;
    while (performance.now() < ends && found < 20) {
      const seed = randomInt(2 ** 31);
      const { differences } = await compare(oracle, cases(seed, 2000));
      asked += 2000;
      found += differences.length;
      for (const difference of differences.slice(0, 5)) console.log(difference);
    }
    console.log(`${name}: ${asked} questions, ${found} answered otherwise`);
    if (found > 0) process.exitCode = 1;
  }
} finally {
  await oracle.stop();
}
