import { isDeepStrictEqual } from 'node:util';
import { askBoth } from './ask.ts';
import type { Case, Draft } from './case.ts';
import type { Outcome } from './outcome.ts';
import { type Reason, reasonFor } from './reasons.ts';
import type { World } from './world.ts';

/** One rule, one resource, and two answers; `undefined`: nothing was said. */
export interface Difference {
  readonly about: Case;
  /** `policy rule resource`. */
  readonly key: string;
  readonly kyvernos: Outcome | undefined;
  readonly ours: Outcome | undefined;
}

export interface Compared {
  /** Answers that are the same. */
  readonly equal: number;
  /** Those that differ, by their reason. */
  readonly explained: ReadonlyMap<Reason, number>;
  /** The rest, for people. */
  readonly unexplained: readonly string[];
}

/** Cases that are asked about at once: each resource is compared with each policy. */
const atOnce = 40;

export async function compareAll(drafts: readonly Draft[], world: World): Promise<Compared> {
  const cases = drafts.map((draft, index): Case => ({ name: `c${index}`, ...draft(`c${index}`, world) }));
  const explained = new Map<Reason, number>();
  const unexplained: string[] = [];
  let equal = 0;
  for (let start = 0; start < cases.length; start += atOnce) {
    const batch = cases.slice(start, start + atOnce);
    const { kyvernos, ours } = await askBoth(batch);
    const keys = new Set([...kyvernos.keys(), ...ours.keys()]);
    for (const about of batch) {
      const own = [...keys].filter((key) => key.startsWith(`${about.name} `));
      for (const key of own) {
        const difference = { about, key, kyvernos: kyvernos.get(key), ours: ours.get(key) };
        if (isDeepStrictEqual(difference.kyvernos, difference.ours)) equal += 1;
        else {
          const reason = reasonFor(difference);
          if (reason === undefined) unexplained.push(shown(difference, world));
          else explained.set(reason, (explained.get(reason) ?? 0) + 1);
        }
      }
    }
  }
  return { equal, explained, unexplained };
}

/** What differed, with keys by their names. */
function shown({ about, key, kyvernos, ours }: Difference, world: World): string {
  const { policy, resources } = about;
  const text = JSON.stringify({ policy, resources }, (_, value: unknown) =>
    typeof value === 'string' ? withNames(value, world) : value,
  );
  return `${key} (${about.about})\n  Kyverno: ${said(kyvernos)}\n  ours: ${said(ours)}\n  ${text}`;
}

function withNames(text: string, { keys }: World): string {
  return Object.entries(keys).reduce((shorter, [name, pem]) => shorter.replaceAll(pem, `<key ${name}>`), text);
}

function said(outcome: Outcome | undefined): string {
  return outcome === undefined ? 'nothing' : `${outcome.result} (${outcome.why.join(', ')})`;
}
