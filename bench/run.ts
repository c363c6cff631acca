import { cli } from './cli.ts';
import { conditions } from './conditions.ts';
import { notary } from './notary.ts';
import { signatures } from './signatures.ts';
import { warm } from './warm.ts';

/** `npm run bench -- NAME`. */
const benches: Readonly<Record<string, () => Promise<void>>> = { cli, conditions, notary, signatures, warm };

const [name = ''] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  console.error(`npm run bench -- NAME, one of: ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else await bench();
