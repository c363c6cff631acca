import { randomInt } from 'node:crypto';
import { compareAll } from './compare.ts';
import { drawn } from './generate.ts';
import { mutated } from './mutations.ts';
import { named } from './names.ts';
import { revocationsOf } from './responders.ts';
import { makeSmallWorld } from './world.ts';

/**
 * `node test/peers/notary/search.ts [SECONDS] [SEED]`: asks notation-go and ourselves about envelopes drawn with fresh seeds until the time is
 * over, 60 s by default, or once with one seed. Prints each verdict that differs without a reason, and the seed that has it.
 */
const [seconds = '60', given] = process.argv.slice(2);
const ends = performance.now() + Number(seconds) * 1000;
const world = makeSmallWorld();
do {
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
  const { equal, explained, unexplained } = await compareAll(
    [...drawn(seed, 400), ...mutated(seed, 400), ...named(seed, 400)],
    world,
    revocationsOf,
  );
  const differing = [...explained.values()].reduce((sum, each) => sum + each, 0);
  for (const each of unexplained) console.log(each);
  console.log(
    `seed ${seed}: ${equal} equal, ${differing} differ by documented reason, ${unexplained.length} unexplained`,
  );
  if (unexplained.length > 0) process.exitCode = 1;
} while (given === undefined && performance.now() < ends);
