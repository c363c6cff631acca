import { newKey } from '../../local/signer/signer.ts';
import { about, admit, all, by, equals, openAttested, provenanceType, someOf, told } from './attested.ts';
import { byKey, pod, review } from './harness.ts';

const critical = all(equals('{{ critical }}', 0));

describe('several statements of the type', () => {
  test('by one attestor: each has to meet the conditions', async () => {
    await using it = await openAttested();
    it.policies(about(it, { attestations: [{ type: 'scan', conditions: [critical] }] }));
    await it.image.attest({ critical: 0, run: 1 }, { type: 'scan' });
    await it.image.attest({ critical: 0, run: 2 }, { type: 'scan' });
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    await it.image.attest({ critical: 7 }, { type: 'scan' });
    it.now += 25 * 3_600_000;
    expect(told(await admit(it, it.image.name))).toBe(
      '403 (condition-failed): attestations[0]: statement 3 of 3: {{ critical }} is 7, wanted Equals 0',
    );
  });

  describe('by A, who attests well, and by B, who does not', () => {
    async function open() {
      const it = await openAttested();
      const other = newKey();
      await it.image.attest({ critical: 0 });
      await it.image.attest({ critical: 3 }, { key: other });
      const wanting = (attestors: readonly unknown[]) =>
        about(it, {
          attestations: [
            { type: 'https://cosign.sigstore.dev/attestation/vuln/v1', attestors, conditions: [critical] },
          ],
        });
      return Object.assign(it, { other, wanting });
    }

    test('one of them is enough: allowed', async () => {
      await using it = await open();
      it.policies(it.wanting(someOf(1, it.team, it.other)));
      expect(told(await admit(it, it.image.name))).toBe('allowed');
    });

    test('both are needed, in one set or in two: denied for what B says', async () => {
      await using it = await open();
      for (const attestors of [
        [{ entries: [byKey(it.team), byKey(it.other)] }],
        by(it.team, it.other),
        someOf(2, it.team, it.other),
      ]) {
        it.policies(it.wanting(attestors));
        expect(told(await admit(it, it.image.name))).toContain(
          '403 (condition-failed): attestations[0]: statement 2 of 2',
        );
      }
      await it.image.attest({ critical: 0 }, { key: it.stranger });
      it.policies(it.wanting(someOf(2, it.team, it.other, it.stranger)));
      expect(told(await admit(it, it.image.name))).toBe('allowed');
    });

    test('B alone is asked, or A alone: what the other one says does not matter', async () => {
      await using it = await open();
      it.policies(it.wanting(by(it.other)));
      expect(told(await admit(it, it.image.name))).toContain('403 (condition-failed): attestations[0]: the statement');
      it.policies(it.wanting(by(it.team)));
      expect(told(await admit(it, it.image.name))).toBe('allowed');
    });

    test('in nested sets: one of a pair, of which one is enough', async () => {
      await using it = await open();
      const nested = (count: number) => [
        {
          count,
          entries: [byKey(it.team), { attestor: { count: 1, entries: [byKey(it.other), byKey(it.stranger)] } }],
        },
      ];
      it.policies(it.wanting(nested(1)));
      expect(told(await admit(it, it.image.name))).toBe('allowed');
      it.policies(it.wanting(nested(2)));
      expect(told(await admit(it, it.image.name))).toContain('(condition-failed)');
      await it.image.attest({ critical: 0 }, { key: it.stranger });
      expect(told(await admit(it, it.image.name))).toBe('allowed');
    });

    test('in one entry with two keys in PEM, each is an attestor', async () => {
      await using it = await open();
      const both = it.team.publicKeyPem + it.other.publicKeyPem;
      it.policies(it.wanting([{ entries: [byKey(both)] }]));
      expect(told(await admit(it, it.image.name))).toContain('(condition-failed)');
      it.policies(it.wanting([{ entries: [byKey(it.team.publicKeyPem + it.team.publicKeyPem)] }]));
      expect(told(await admit(it, it.image.name))).toBe('allowed');
    });
  });
});

describe('what a predicate is', () => {
  const statement = (digest: string, more: object) =>
    Buffer.from(
      JSON.stringify({
        _type: 'https://in-toto.io/Statement/v1',
        predicateType: 'scan',
        subject: [{ name: 'x', digest: { sha256: digest.slice('sha256:'.length) } }],
        ...more,
      }),
    );

  test.each<[string, object]>([
    ['a list', { predicate: [{ critical: 0 }] }],
    ['a text', { predicate: 'critical: 0' }],
    ['null', { predicate: null }],
    ['not there', {}],
  ])('one that is %s meets no condition, and is there where none is asked', async (_, more) => {
    await using it = await openAttested();
    await it.image.attest({}, { type: 'scan', payload: statement(it.image.digest, more) });
    const tolerant = all(equals("{{ critical || '0' }}", '0'));
    it.policies(about(it, { attestations: [{ type: 'scan', conditions: [tolerant] }] }));
    expect(told(await admit(it, it.image.name))).toContain('403 (condition-error): ');
    it.policies(about(it, { attestations: [{ type: 'scan' }] }));
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });

  test('what the request says is not for a predicate to say; its other fields are its own', async () => {
    await using it = await openAttested();
    const forged = {
      request: { namespace: 'trusted' },
      images: { containers: { c0: { tag: 'x' } } },
      image: { name: 'y', level: 3 },
    };
    await it.image.attest({ ...forged, serviceAccountName: 'admin', critical: 0 });
    const conditions = (...each: readonly unknown[]) =>
      about(it, {
        attestations: [
          { predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1', conditions: [all(...each)] },
        ],
      });
    it.policies(
      conditions(
        equals('{{ request.namespace }}', 'default'),
        equals('{{ images.containers.c0.tag }}', '1'),
        equals('{{ image.name }}', 'app'),
        equals('{{ image.level }}', 3),
        equals('{{ serviceAccountName }}', ''),
        critical.all[0],
      ),
    );
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    it.policies(conditions(equals('{{ request.namespace }}', 'trusted')));
    expect(told(await admit(it, it.image.name))).toContain(
      '(condition-failed): attestations[0]: the statement: {{ request.namespace }} is default, wanted Equals trusted',
    );
  });

  test('templates in it are text', async () => {
    await using it = await openAttested();
    await it.image.attest({ note: '{{ request.namespace }}', other: '$(note)' }, { type: 'scan' });
    const noting = (value: string) =>
      about(it, { attestations: [{ type: 'scan', conditions: [all(equals('{{ note }}', value))] }] });
    it.policies(noting('default'));
    expect(told(await admit(it, it.image.name))).toContain('(condition-failed)');
    it.policies(noting('\\{{ request.namespace }}'));
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });

  test('a field that is not there is an error, and is nothing where the policy says so', async () => {
    await using it = await openAttested();
    await it.image.attest({ scanner: { name: 'x' } }, { type: 'scan' });
    const asking = (key: string) => about(it, { attestations: [{ type: 'scan', conditions: [all(equals(key, ''))] }] });
    it.policies(asking('{{ scanner.vendor }}'));
    expect(told(await admit(it, it.image.name))).toContain(
      '403 (condition-error): attestations[0]: the statement: conditions[0].all[0].key: {{ scanner.vendor }}: Unknown key "vendor" in path',
    );
    it.policies(asking("{{ scanner.vendor || '' }}"));
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });

  test('of 11 MiB is weighed; one over the bound might not meet the conditions, so it denies beside a good one', async () => {
    await using it = await openAttested();
    const packages = (mebibytes: number) => ({ critical: 0, filling: 'x'.repeat(mebibytes * 1024 * 1024) });
    it.policies(about(it, { attestations: [{ type: 'scan', conditions: [critical] }] }));
    await it.image.attest(packages(11), { type: 'scan' });
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    await it.image.attest(packages(17), { type: 'scan', format: 'bundle' });
    it.now += 25 * 3_600_000;
    expect(told(await admit(it, it.image.name))).toContain('403 (too-large)');
    it.policies(about(it, { attestations: [{ type: 'scan' }] }));
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });

  test('what is hidden behind more than is read might not meet the conditions', async () => {
    await using it = await openAttested();
    await it.image.attest({ critical: 0 }, { type: 'scan' });
    it.policies(about(it, { attestations: [{ type: 'scan', conditions: [critical] }] }));
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    for (let index = 0; index < 201; index += 1) await it.image.attest({ index }, { type: 'other', format: 'bundle' });
    it.now += 25 * 3_600_000;
    expect(told(await admit(it, it.image.name))).toMatch(/^403 \(too-many-/);
    it.policies(about(it, { attestations: [{ type: 'scan' }] }));
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });
});

describe('several attestations', () => {
  test('all must be there, and a later one may ask about those before it by their names', async () => {
    await using it = await openAttested();
    const later = all(equals('{{ scan.builder }}', '{{ builder }}'));
    it.policies(
      about(it, {
        attestations: [
          { name: 'scan', type: 'scan', conditions: [critical] },
          { type: provenanceType, conditions: [later] },
        ],
      }),
    );
    await it.image.attest({ critical: 0, builder: 'a' }, { type: 'scan' });
    expect(told(await admit(it, it.image.name))).toContain('(attestation-missing): attestations[1]: ');
    await it.image.attest({ builder: 'a' }, { type: provenanceType });
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    await it.image.attest({ builder: 'b' }, { type: provenanceType });
    it.now += 25 * 3_600_000;
    expect(told(await admit(it, it.image.name))).toContain('(condition-failed): attestations[1]: statement 2 of 2');
  });

  test('an entry without attestors of its own asks for no signature', async () => {
    await using it = await openAttested();
    const attestations = [{ type: 'scan', attestors: by(it.stranger), conditions: [critical] }];
    it.policies(about(it, { keys: [], attestations }));
    expect(told(await admit(it, it.image.name))).toContain('(attestation-missing)');
    await it.image.attest({ critical: 0 }, { type: 'scan', key: it.stranger });
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });
});

describe('validate.deny', () => {
  const high = { conditions: { any: [{ key: '{{ scan.high }}', operator: 'GreaterThan', value: 3 }] } };
  const attestations = [{ name: 'scan', type: 'scan' }];

  test('denies with its own message, and lets by what does not meet it', async () => {
    await using it = await openAttested();
    it.policies(about(it, { attestations, validate: { message: '{{ scan.high }} of high severity', deny: high } }));
    await it.image.attest({ high: 3 }, { type: 'scan' });
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    await it.image.attest({ high: 4 }, { type: 'scan' });
    it.now += 25 * 3_600_000;
    expect(told(await admit(it, it.image.name))).toBe('403 (deny-condition): 4 of high severity');
  });

  test('any of several statements brings it about, in whatever order they were attested', async () => {
    for (const order of [
      [9, 1],
      [1, 9],
    ]) {
      await using it = await openAttested();
      for (const value of order) await it.image.attest({ high: value }, { type: 'scan' });
      it.policies(about(it, { attestations, validate: { message: 'no', deny: high } }));
      expect(told(await admit(it, it.image.name))).toBe('403 (deny-condition): no');
    }
  });

  test('a message without a value does not hide the denial', async () => {
    await using it = await openAttested();
    await it.image.attest({ high: 4 }, { type: 'scan' });
    it.policies(about(it, { attestations, validate: { message: '{{ scan.who }}', deny: high } }));
    expect(told(await admit(it, it.image.name))).toContain(
      '403 (deny-condition): the conditions of validate.deny are met',
    );
  });

  test('conditions without a value deny: nobody knows that they are not met', async () => {
    await using it = await openAttested();
    await it.image.attest({ low: 4 }, { type: 'scan' });
    it.policies(about(it, { attestations, validate: { deny: high } }));
    expect(told(await admit(it, it.image.name))).toContain('403 (condition-error): validate.deny: ');
    const tolerant = { conditions: [{ key: '{{ scan.high || `0` }}', operator: 'GreaterThan', value: 3 }] };
    it.policies(about(it, { attestations, validate: { deny: tolerant } }));
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });

  test('is about two attestations, the image and the request at once', async () => {
    await using it = await openAttested();
    await it.image.attest({ builder: 'a' }, { type: 'scan' });
    await it.image.attest({ builder: 'b' }, { type: provenanceType });
    const both = [...attestations, { name: 'made', type: provenanceType }];
    const differ = { key: '{{ scan.builder }}', operator: 'NotEquals', value: '{{ made.builder }}' };
    const deny = (namespace: string) => ({
      conditions: all(differ, equals('{{ request.namespace }}', namespace), equals('{{ image.tag }}', '1')),
    });
    it.policies(about(it, { attestations: both, validate: { message: 'x', deny: deny('default') } }));
    expect(told(await admit(it, it.image.name))).toBe('403 (deny-condition): x');
    it.policies(about(it, { attestations: both, validate: { message: 'x', deny: deny('prod') } }));
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });
});

describe('whom it hits', () => {
  const attestations = [{ type: 'scan', conditions: [critical] }];

  test.each(['mutate', 'validate'] as const)('%s asks alike', async (purpose) => {
    await using it = await openAttested();
    it.policies(about(it, { attestations }));
    const pinned = `${it.image.name}@${it.image.digest}`;
    expect(told(await admit(it, pinned, purpose))).toContain('403 (attestation-missing)');
    await it.image.attest({ critical: 1 }, { type: 'scan' });
    expect(told(await admit(it, pinned, purpose))).toContain('403 (condition-failed)');
    await using other = await openAttested();
    other.policies(about(other, { attestations }));
    await other.image.attest({ critical: 0 }, { type: 'scan' });
    expect(told(await admit(other, `${other.image.name}@${other.image.digest}`, purpose))).toBe('allowed');
  });

  test('an audit rule admits with a warning', async () => {
    await using it = await openAttested();
    it.policies(about(it, { attestations, action: 'Audit' }));
    const answer = await admit(it, it.image.name);
    expect(answer.allowed).toBe(true);
    expect(answer.warnings.join()).toContain('attestation-missing');
    await it.image.attest({ critical: 0 }, { type: 'scan' });
    expect((await admit(it, it.image.name)).warnings).toEqual([]);
  });

  test('under failurePolicy Ignore what is missing or not met is denied as well', async () => {
    await using it = await openAttested();
    it.policies(about(it, { attestations, failurePolicy: 'Ignore' }));
    expect(told(await admit(it, it.image.name))).toContain('403 (attestation-missing)');
    await it.image.attest({ critical: 1 }, { type: 'scan' });
    expect(told(await admit(it, it.image.name))).toContain('403 (condition-failed)');
  });

  test('the image of a Deployment and of a CronJob', async () => {
    await using it = await openAttested();
    const where = equals('{{ request.object.metadata.labels.team }}', '{{ team }}');
    it.policies(about(it, { attestations: [{ type: 'scan', conditions: [all(where)] }] }));
    await it.image.attest({ team: 'a' }, { type: 'scan' });
    const template = (team: string) => ({ metadata: { labels: { team } }, spec: pod([it.image.name]).spec });
    const deployment = (team: string) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', labels: { team: 'b' } },
      spec: { template: template(team) },
    });
    const cronJob = (team: string) => ({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'web', namespace: 'default', labels: { team: 'b' } },
      spec: { jobTemplate: { spec: { template: template(team) } } },
    });
    for (const made of [deployment, cronJob]) {
      expect(told(await admit(it, made('a')))).toBe('allowed');
      expect(told(await admit(it, made('b')))).toContain('403 (condition-failed)');
    }
  });

  test('an UPDATE that leaves the image asks nothing', async () => {
    await using it = await openAttested();
    it.policies(about(it, { attestations }));
    const before = pod([it.image.name]);
    const after = pod([it.image.name], { labels: { a: 'b' } });
    const requests = it.registry.requests.length;
    expect(told(await it.send('/mutate', review(after, before)))).toBe('allowed');
    expect(it.registry.requests.length).toBe(requests);
    expect(told(await it.send('/mutate', review(after)))).toContain('(attestation-missing)');
  });
});
