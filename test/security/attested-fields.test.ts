import { newKey } from '../../local/signer/signer.ts';
import { about, admit, all, by, equals, openAttested, provenanceType, scanType, someOf } from '../e2e/attested.ts';
import type { World } from '../e2e/harness.ts';
import { startCpu } from '../fixtures/cpu.ts';

// Fields of attestations and of conditions: each decides, and one that is not known is refused. What costs more than its length.

const other = newKey();
const high = (operator: string, value: unknown) => ({ key: '{{ high }}', operator, value });

/** An image whose scan by the team says `{"high": 3, "tool": "t"}`. */
async function scanned() {
  const it = await openAttested();
  await it.image.attest({ high: 3, tool: 't' });
  return it;
}

async function passes(it: Awaited<ReturnType<typeof scanned>>, parts: object): Promise<boolean> {
  it.policies(about(it, { keys: [], ...parts }));
  return (await admit(it, it.image.name)).allowed === true;
}

describe('B5 CVE-2026-48815: a field of an attestation that is accepted and ignored', () => {
  type Parts = (world: World) => object;
  interface Row {
    readonly bad: Parts;
    readonly good: Parts;
  }
  const attested =
    (more: Parts): Parts =>
    (world) => ({
      attestations: [{ name: 'scan', type: scanType, attestors: by(world.team), ...more(world) }],
    });
  const conditions = (...blocks: readonly object[]) => attested(() => ({ conditions: blocks }));
  const denial =
    (deny: object): Parts =>
    (world) => ({
      ...attested(() => ({}))(world),
      validate: { message: 'no', deny: { conditions: deny } },
    });
  const scanHigh = (value: number) => equals('{{ scan.high }}', value);
  const rows: Readonly<Record<string, Row>> = {
    type: { bad: attested(() => ({ type: provenanceType })), good: attested(() => ({ type: scanType })) },
    predicateType: {
      bad: attested(() => ({ type: undefined, predicateType: provenanceType })),
      good: attested(() => ({ type: undefined, predicateType: scanType })),
    },
    attestors: {
      bad: attested(() => ({ attestors: by(other) })),
      good: attested(({ team }) => ({ attestors: by(team) })),
    },
    'attestors of the entry': {
      bad: () => ({ keys: [other], attestations: [{ type: scanType }] }),
      good: ({ team }) => ({ keys: [team], attestations: [{ type: scanType }] }),
    },
    'a second set': {
      bad: attested(({ team }) => ({ attestors: [...by(team), ...by(other)] })),
      good: attested(({ team }) => ({ attestors: [...by(team), ...by(team)] })),
    },
    count: {
      bad: attested(({ team }) => ({ attestors: someOf(2, team, other) })),
      good: attested(({ team }) => ({ attestors: someOf(1, team, other) })),
    },
    'rekor of an attestor': {
      bad: attested(({ team }) => ({ attestors: [{ entries: [{ keys: { publicKeys: team.publicKeyPem } }] }] })),
      good: attested(({ team }) => ({ attestors: by(team) })),
    },
    'repository of an attestor': {
      bad: attested(({ team, registry }) => ({
        attestors: [{ entries: [{ ...by(team)[0]?.entries[0], repository: `${registry.host}/acme/elsewhere` }] }],
      })),
      good: attested(({ team, registry }) => ({
        attestors: [{ entries: [{ ...by(team)[0]?.entries[0], repository: `${registry.host}/acme/app` }] }],
      })),
    },
    'all of a block': {
      bad: conditions(all(high('Equals', 3), high('LessThan', 3))),
      good: conditions(all(high('Equals', 3), high('LessThan', 4))),
    },
    'any of a block': {
      bad: conditions({ any: [high('Equals', 1), high('Equals', 2)] }),
      good: conditions({ any: [high('Equals', 1), high('Equals', 3)] }),
    },
    'any and all of a block': {
      bad: conditions({ any: [high('Equals', 3)], ...all(high('Equals', 1)) }),
      good: conditions({ any: [high('Equals', 3)], ...all(high('NotEquals', 1)) }),
    },
    'a second block': {
      bad: conditions(all(high('Equals', 3)), all(high('Equals', 1))),
      good: conditions(all(high('Equals', 3)), all(equals('{{ tool }}', 't'))),
    },
    operator: { bad: conditions(all(high('NotEquals', 3))), good: conditions(all(high('Equals', 3))) },
    value: { bad: conditions(all(high('Equals', 4))), good: conditions(all(high('Equals', 3))) },
    key: {
      bad: conditions(all({ ...high('Equals', 3), key: '{{ tool }}' })),
      good: conditions(all({ ...high('Equals', 't'), key: '{{ tool }}' })),
    },
    name: {
      bad: (world) => ({
        ...attested(() => ({ name: 'other' }))(world),
        validate: { deny: { conditions: [equals('{{ other.high }}', 3)] } },
      }),
      good: (world) => ({
        ...attested(() => ({ name: 'other' }))(world),
        validate: { deny: { conditions: [equals('{{ other.high }}', 4)] } },
      }),
    },
    'validate.deny, all': { bad: denial({ all: [scanHigh(3)] }), good: denial({ all: [scanHigh(3), scanHigh(4)] }) },
    'validate.deny, any': { bad: denial({ any: [scanHigh(3), scanHigh(4)] }), good: denial({ any: [scanHigh(4)] }) },
  };

  test.each(Object.entries(rows))('%s decides', async (_, { bad, good }) => {
    await using it = await scanned();
    expect(await passes(it, bad(it))).toBe(false);
    expect(await passes(it, good(it))).toBe(true);
    expect(await passes(it, bad(it))).toBe(false);
  });

  test.each<[string, object]>([
    ['of no attestation', { predicate: 'x' }],
    ['of another case', { Type: scanType }],
    ['of no condition', { conditions: [{ all: [{ ...high('Equals', 3), values: 3 }] }] }],
    ['of no block', { conditions: [{ every: [high('Equals', 3)] }] }],
    ['that is no operator', { conditions: [{ all: [high('Is', 3)] }] }],
    ['that cannot be parsed', { conditions: [{ all: [{ ...high('Equals', 3), key: '{{ high[ }}' }] }] }],
    [
      'that nothing asks',
      { attestors: [{ entries: [{ keys: { publicKeys: other.publicKeyPem }, annotations: { a: 'b' } }] }] },
    ],
  ])('a field %s is refused at load, and never read over', async (_, more) => {
    await using it = await openAttested();
    const whole = { type: scanType, attestors: by(it.team), conditions: [all(high('Equals', 3))] };
    expect(() => it.policies(about(it, { attestations: [{ ...whole, ...more }] }))).toThrow();
    expect(() => it.policies(about(it, { attestations: [whole] }))).not.toThrow();
  });
});

describe('D3 CVE-2025-47281, CVE-2026-23881: expressions that run wild', () => {
  /** CPU milliseconds of a review, several times what is told of one that was stopped. */
  const most = 1500;
  const large = Array.from({ length: 3000 }, (_, at) => at);

  test.each<[string, unknown, object]>([
    [
      'a pattern that backtracks',
      { text: `${'a'.repeat(50_000)}!` },
      equals("{{ regex_match('^(a+)+$', text) }}", true),
    ],
    [
      'a pattern that what is attested gives',
      { text: 'a'.repeat(5000), by: '(a|a)*'.repeat(500) },
      equals('{{ regex_match(by, text) }}', true),
    ],
    [
      'a wildcard of many stars',
      { text: 'a'.repeat(50_000), by: '*a'.repeat(2000) },
      equals("{{ pattern_match(join('', [by, 'b']), text) }}", true),
    ],
    ['lists that double', { large }, equals(`{{ length(to_string(large | ${'[@, @] | '.repeat(40)}@)) }}`, 1)],
    ['a projection of all for each', { large }, equals("{{ length(large[].to_string(@)[].split(@, '')[]) }}", 1)],
    [
      'texts that grow',
      { text: 'a'.repeat(1000) },
      equals(`{{ length(${'replace_all('.repeat(8)}text${", 'a', 'aaaaaaaa')".repeat(8)}) }}`, 1),
    ],
    [
      'all that is compared with all',
      { large },
      { key: '{{ large }}', operator: 'AnyIn', value: '{{ map(&add(@, `5000`), large) }}' },
    ],
    ['a value that is deep', { deep: nested(20) }, equals('{{ to_string(deep) }}', 'x')],
  ])('%s ends in a reason, an honest expression beside it passes', async (_, predicate, condition) => {
    await using it = await openAttested();
    const rule =
      (...asked: readonly object[]) =>
      () =>
        it.policies(
          about(it, {
            keys: [],
            attestations: [{ type: scanType, attestors: by(it.team), conditions: [all(...asked)] }],
          }),
        );
    await it.image.attest({ ...(predicate as object), high: 3 });
    rule(high('Equals', 3))();
    expect((await admit(it, it.image.name)).allowed).toBe(true);
    rule(condition)();
    const spent = startCpu();
    const answer = await admit(it, it.image.name);
    const cpu = spent();
    expect([answer.allowed, answer.code]).toEqual([false, 403]);
    expect(answer.message).toMatch(/\(condition-(?:error|failed)\)/);
    expect(cpu).toBeLessThan(most);
  });

  function nested(depth: number): unknown {
    return depth === 0 ? 'x' : [nested(depth - 1)];
  }
});
