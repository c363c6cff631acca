import fc from 'fast-check';
import { parseWebhookPath, type Scope } from '../shared/admission/path.ts';
import { type PodResource, podResources } from '../shared/admission/slots.ts';
import { scopeOf } from '../shared/policy/action.ts';
import { ruleApplies } from '../shared/policy/match.ts';
import { rulesIn, scopesOf } from '../shared/policy/scopes.ts';
import { clusterPolicy, entry, load, pod, pods, problemsOf, rule } from '../shared/policy/testing/policies.ts';
import { type Webhook, type WebhookSettings, webhookConfigurations } from './webhooks.ts';

type Json = Record<string, unknown>;

const base = 'https://api.example.com/prod';
const settings: WebhookSettings = { base, cluster: 'blue' };

let count = 0;
/** A policy with one rule; it pins nothing, so that it may audit. */
function policy(spec: Json = {}, match: Json = pods()): Json {
  count += 1;
  const rules = [rule({ match, verifyImages: [entry({ mutateDigest: false })] })];
  return clusterPolicy({ rules, ...spec }, { metadata: { name: `policy-${count}` } });
}

const enforcing = (spec: Json = {}, match: Json = pods()) =>
  policy({ validationFailureAction: 'Enforce', ...spec }, match);
const auditing = (spec: Json = {}) => policy({ validationFailureAction: 'Audit', ...spec });
const ignoring = (spec: Json = {}) => enforcing({ failurePolicy: 'Ignore', ...spec });
const overridden = (action: string, ...namespaces: string[]) => ({
  validationFailureActionOverrides: [{ action, namespaces }],
});

function webhooksOf(policies: readonly Json[], changes: Partial<WebhookSettings> = {}): Webhook[] {
  return webhookConfigurations(scopesOf(load(...policies)), { ...settings, ...changes }).flatMap(
    (each) => each.webhooks,
  );
}

function webhookNamed(webhooks: readonly Webhook[], name: string): Webhook {
  const found = webhooks.find((webhook) => webhook.name === `${name}.countersign.internal`);
  if (found === undefined) throw new Error(`${name} is none of ${webhooks.map((webhook) => webhook.name)}`);
  return found;
}

/** Names without their ending, and the failure policy. */
const shortly = (webhooks: readonly Webhook[]) =>
  webhooks.map(({ name, failurePolicy }) => `${name.replace('.countersign.internal', '')} ${failurePolicy}`);

test.each<[string, Json[], string[]]>([
  ['a rule that enforces', [enforcing()], ['mutate-fail Fail', 'validate-fail Fail']],
  ['a rule that audits', [auditing()], ['mutate-ignore Ignore', 'validate-ignore Ignore']],
  ['a rule that enforces under Ignore', [ignoring()], ['mutate-ignore Ignore', 'validate-ignore Ignore']],
  [
    'a rule that audits but in one namespace',
    [auditing(overridden('Enforce', 'prod'))],
    ['mutate-fail Fail', 'validate-fail Fail'],
  ],
  [
    'a rule whose override audits everywhere',
    [enforcing(overridden('Audit', '*'))],
    ['mutate-ignore Ignore', 'validate-ignore Ignore'],
  ],
  [
    'one of each',
    [enforcing(), auditing()],
    ['mutate-fail Fail', 'mutate-ignore Ignore', 'validate-fail Fail', 'validate-ignore Ignore'],
  ],
])('%s has these webhooks', (_, policies, expected) => {
  expect(shortly(webhooksOf(policies))).toEqual(expected);
});

test('a scope whose rules hold no kind with images has no webhook', () => {
  const tasks = policy({}, { any: [{ resources: { kinds: ['tekton.dev/v1/Task'] } }] });
  expect(shortly(webhooksOf([tasks, auditing()]))).toEqual(['mutate-ignore Ignore', 'validate-ignore Ignore']);
});

test('a whole webhook, as an API server takes it', () => {
  const [mutating, validating] = webhookConfigurations(scopesOf(load(enforcing())), {
    ...settings,
    token: 'token-of-blue',
    caBundle: 'Y2E=',
  });
  expect(mutating).toEqual({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: 'countersign',
      labels: { 'app.kubernetes.io/name': 'countersign', 'app.kubernetes.io/component': 'admission' },
    },
    webhooks: [
      {
        name: 'mutate-fail.countersign.internal',
        clientConfig: { url: `${base}/blue/mutate/fail/token-of-blue`, caBundle: 'Y2E=' },
        rules: [
          on('', 'pods', 'pods/ephemeralcontainers', 'replicationcontrollers'),
          on('apps', 'daemonsets', 'deployments', 'replicasets', 'statefulsets'),
          on('batch', 'cronjobs', 'jobs'),
        ],
        namespaceSelector: {
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
        },
        matchConditions: [
          {
            name: 'spec-labels-or-annotations-changed',
            expression:
              "request.operation != 'UPDATE' || object.?spec != oldObject.?spec || object.metadata.?labels.orValue({}) != " +
              'oldObject.metadata.?labels.orValue({}) || object.metadata.?annotations.orValue({}) != ' +
              'oldObject.metadata.?annotations.orValue({})',
          },
        ],
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        sideEffects: 'None',
        timeoutSeconds: 10,
        admissionReviewVersions: ['v1'],
        reinvocationPolicy: 'IfNeeded',
      },
    ],
  });
  const { reinvocationPolicy: _, ...asked } = mutating?.webhooks[0] ?? {};
  expect(validating?.webhooks).toEqual([
    {
      ...asked,
      name: 'validate-fail.countersign.internal',
      clientConfig: { url: `${base}/blue/validate/fail/token-of-blue`, caBundle: 'Y2E=' },
    },
  ]);
});

function on(group: string, ...resources: string[]) {
  return {
    apiGroups: [group],
    apiVersions: ['v1'],
    resources,
    operations: ['CREATE', 'UPDATE'],
    scope: 'Namespaced',
  };
}

describe('kinds that rules have extractors for', () => {
  const about = (kinds: string[], imageExtractors: Json, spec: Json = {}) => {
    const verifyImages = [entry({ mutateDigest: false })];
    const rules = [rule({ match: { any: [{ resources: { kinds } }] }, imageExtractors, verifyImages })];
    return enforcing({ rules, ...spec });
  };
  const at = (path: string) => [{ path }];
  const rulesOf = (policies: readonly Json[], changes: Partial<WebhookSettings> = {}) =>
    webhookNamed(webhooksOf(policies, changes), 'mutate-fail').rules.map(
      ({ apiGroups, apiVersions, resources, scope }) => `${apiGroups}/${apiVersions} ${resources} ${scope}`,
    );

  test('are asked about beside those that make Pods, also where they are in no namespace', () => {
    const tasks = about(['tekton.dev/v1/Task', 'Rollout', 'Job'], {
      Task: at('/spec/steps/*/image'),
      Rollout: at('/spec/image'),
    });
    expect(rulesOf([tasks])).toEqual(['*/* rollouts *', 'batch/v1 jobs Namespaced', 'tekton.dev/v1 tasks *']);
  });

  test.each([
    ['Task', 'tasks'],
    ['Gateway', 'gatewaies'],
    ['Policy', 'policies'],
    ['Class', 'classes'],
    ['Endpoints', 'endpoints'],
    ['NetworkEndpoints', 'networkendpoints'],
  ])('a %s is called %s, as kubectl guesses, unless its name is said', (kind, guess) => {
    const policies = [about([`x.dev/v1/${kind}`], { [kind]: at('/spec/image') })];
    expect(rulesOf(policies)).toEqual([`x.dev/v1 ${guess} *`]);
    expect(rulesOf(policies, { plurals: new Map([[kind, 'said']]) })).toEqual(['x.dev/v1 said *']);
  });

  test('what is in no namespace is not recorded as break glass', () => {
    const policies = [about(['x.dev/v1/Task'], { Task: at('/spec/image') })];
    const webhooks = webhooksOf(policies, { breakGlass: 'emergency' });
    expect(webhookNamed(webhooks, 'validate-audit').rules.map(({ scope }) => scope)).toEqual(['Namespaced']);
    expect(webhookNamed(webhooks, 'validate-fail').rules.map(({ scope }) => scope)).toEqual(['*']);
  });

  const condition = (...policies: Json[]) =>
    webhookNamed(webhooksOf(policies), 'mutate-fail').matchConditions.map(({ expression }) => expression);

  test('an update is sent where images stand outside of the spec', () => {
    const usual = condition(enforcing());
    expect(condition(about(['Task'], { Task: at('/spec/image') }))).toEqual(usual);
    expect(condition(about(['Task'], { Task: at('/metadata/annotations/image') }))).toEqual(usual);
    const [expression = ''] = condition(about(['Thing'], { Thing: [...at('/data/*/image'), ...at('/a"b/image')] }));
    expect(expression).toBe(
      `${usual[0]} || object[?"a\\"b"] != oldObject[?"a\\"b"] || object[?"data"] != oldObject[?"data"]`,
    );
    const [anywhere = ''] = condition(about(['Thing'], { Thing: at('/*/image') }));
    expect(anywhere).toBe(`${usual[0]} || object != oldObject`);
  });

  test('an update of any field is sent where more is asked of them than images', () => {
    const [usual = ''] = condition(enforcing());
    const asking = (kind: string) => {
      const match = { any: [{ resources: { kinds: [kind] } }] };
      const preconditions = { all: [{ key: '{{ request.object.mode }}', operator: 'NotEquals', value: 'draft' }] };
      const imageExtractors = { [kind]: at('/spec/image') };
      const verifyImages = [entry({ mutateDigest: false })];
      return enforcing({ rules: [rule({ match, preconditions, imageExtractors, verifyImages })] });
    };
    const [expression = ''] = condition(asking('Task'), asking('Run'), about(['Thing'], { Thing: at('/spec/image') }));
    expect(expression.slice(0, usual.length)).toBe(usual);
    expect(expression.slice(usual.length)).toBe(
      ' || request.kind.kind in ["Run", "Task"] && (size(object) != size(oldObject) || size(object) > 64 || ' +
        "object.exists(field, !(field in ['metadata', 'status']) && object[?field] != oldObject[?field]))",
    );
  });
});

describe('namespaces with a label', () => {
  const labelled = (value: string) => ({ matchLabels: { tier: value } });
  const selecting = (value: string) => enforcing({}, pods({ namespaceSelector: labelled(value) }));
  const requirementsOf = ({ namespaceSelector }: Webhook) => namespaceSelector.matchExpressions.slice(1);

  test('have webhooks of their own, whose URLs name what is selected', () => {
    const webhooks = webhooksOf([enforcing(), selecting('prod'), selecting('dev')]);
    const [plain, ...selected] = webhooks.filter(({ name }) => name.startsWith('mutate-'));
    expect(plain?.name).toBe('mutate-fail.countersign.internal');
    expect(
      selected
        .flatMap(requirementsOf)
        .map(({ key, operator, values }) => `${key} ${operator} ${values}`)
        .sort(),
    ).toEqual(['tier In dev', 'tier In prod']);
    for (const { name, clientConfig } of selected) {
      const [, hash] = /^mutate-fail-([0-9a-f]{16})\.countersign\.internal$/.exec(name) ?? [];
      expect(clientConfig.url).toBe(`${base}/blue/mutate/fail-${hash}`);
    }
  });

  test('a selector of every namespace needs no webhook of its own, and an exclude by one leaves nothing to ask', () => {
    const everywhere = webhooksOf([enforcing({}, pods({ namespaceSelector: {} }))]);
    expect(shortly(everywhere)).toEqual(['mutate-fail Fail', 'validate-fail Fail']);
    expect(everywhere.flatMap(requirementsOf)).toEqual([]);
    const excluding = (exclude: Json) =>
      webhooksOf([clusterPolicy({ rules: [rule({ exclude: { any: [{ resources: exclude }] } })] })]);
    expect(shortly(excluding({ namespaceSelector: {}, names: ['debug'] }))).toEqual(shortly(everywhere));
    expect(excluding({ namespaceSelector: {} })).toEqual([]);
  });

  test('of an override: the rule audits there, and enforces elsewhere', () => {
    const overrides = [{ action: 'Audit', namespaceSelector: labelled('dev') }];
    const webhooks = webhooksOf([enforcing({ validationFailureActionOverrides: overrides })]);
    const shown = webhooks
      .filter(({ name }) => name.startsWith('mutate-'))
      .map((webhook) => `${webhook.failurePolicy} ${requirementsOf(webhook).map(({ operator }) => operator)}`);
    expect(shown.sort()).toEqual(['Fail NotIn', 'Ignore In']);
  });

  test('the order of policies changes nothing', () => {
    const all = [selecting('prod'), enforcing(), selecting('dev')];
    expect(JSON.stringify(webhooksOf(all))).toBe(JSON.stringify(webhooksOf(all.toReversed())));
  });

  test('conditions of a policy stand behind ours, and Exists has no values', () => {
    const matchConditions = [{ name: 'not-ci', expression: "request.userInfo.username != 'ci'" }];
    const exists = { matchExpressions: [{ key: 'tier', operator: 'Exists' }] };
    const [webhook] = webhooksOf([
      enforcing({ webhookConfiguration: { matchConditions } }, pods({ namespaceSelector: exists })),
    ]);
    expect(webhook?.matchConditions.map(({ name }) => name)).toEqual(['spec-labels-or-annotations-changed', 'not-ci']);
    expect(webhook && requirementsOf(webhook)).toEqual([{ key: 'tier', operator: 'Exists' }]);
  });
});

test('without token and certificate the URL ends with the scope, and the system roots are trusted', () => {
  for (const { clientConfig } of webhooksOf([enforcing(), auditing()])) {
    expect(Object.keys(clientConfig)).toEqual(['url']);
    expect(clientConfig.url).toMatch(/\/blue\/(?:mutate|validate)\/(?:fail|ignore)$/);
  }
});

test.each<[string, Json[], number]>([
  ['the default of an API server', [enforcing()], 10],
  ['what the only rule says', [enforcing({ webhookTimeoutSeconds: 3 })], 3],
  [
    'the largest',
    [
      enforcing({ webhookConfiguration: { timeoutSeconds: 12 } }),
      enforcing({ webhookConfiguration: { timeoutSeconds: 30 } }),
    ],
    30,
  ],
  ['the default beside less', [enforcing({ webhookConfiguration: { timeoutSeconds: 3 } }), enforcing()], 10],
])("a scope's timeout is %s", (_, policies, expected) => {
  const webhooks = webhooksOf([...policies, auditing({ webhookTimeoutSeconds: 7 })]);
  expect(webhookNamed(webhooks, 'mutate-fail').timeoutSeconds).toBe(expected);
  expect(webhookNamed(webhooks, 'validate-fail').timeoutSeconds).toBe(expected);
  expect(webhookNamed(webhooks, 'validate-ignore').timeoutSeconds).toBe(7);
});

test('the break-glass namespace is left out, and its uses are recorded by a webhook that blocks nothing', () => {
  const policies = [enforcing({ webhookTimeoutSeconds: 4 }), auditing({ webhookTimeoutSeconds: 9 })];
  const webhooks = webhooksOf(policies, { breakGlass: 'emergency', token: 'token-of-blue' });
  const recording = webhookNamed(webhooks, 'validate-audit');
  expect(recording).toMatchObject({
    clientConfig: { url: `${base}/blue/validate/audit/token-of-blue` },
    failurePolicy: 'Ignore',
    timeoutSeconds: 9,
    rules: webhookNamed(webhooks, 'validate-fail').rules,
    matchConditions: webhookNamed(webhooks, 'validate-fail').matchConditions,
    namespaceSelector: {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['emergency'] }],
    },
  });
  const others = webhooks.filter((webhook) => webhook !== recording);
  expect(others).toHaveLength(4);
  for (const { namespaceSelector } of others) {
    expect(namespaceSelector.matchExpressions).toEqual([
      { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'emergency'] },
    ]);
  }
  expect(webhooksOf(policies).map(({ name }) => name)).not.toContain(recording.name);
});

describe('for recording alone', () => {
  const policies = [
    enforcing({ webhookTimeoutSeconds: 4 }),
    ignoring({ webhookTimeoutSeconds: 5 }),
    auditing({ webhookTimeoutSeconds: 9 }),
  ];

  test('one validating webhook asks every rule about all namespaces, and blocks nothing', () => {
    const configurations = webhookConfigurations(scopesOf(load(...policies)), { ...settings, auditOnly: true });
    expect(configurations.map(({ kind }) => kind)).toEqual(['ValidatingWebhookConfiguration']);
    const [recording, ...more] = configurations.flatMap(({ webhooks }) => webhooks);
    expect(more).toEqual([]);
    expect(recording).toMatchObject({
      name: 'validate-audit.countersign.internal',
      clientConfig: { url: `${base}/blue/validate/audit` },
      failurePolicy: 'Ignore',
      timeoutSeconds: 9,
      rules: webhookNamed(webhooksOf(policies), 'validate-fail').rules,
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
      },
    });
  });

  test('what is in no namespace is asked about too', () => {
    const extracting = rule({
      match: { any: [{ resources: { kinds: ['x.dev/v1/Task'] } }] },
      imageExtractors: { Task: [{ path: '/spec/image' }] },
      verifyImages: [entry({ mutateDigest: false })],
    });
    const [recording] = webhooksOf([clusterPolicy({ rules: [extracting] })], { auditOnly: true });
    expect(recording?.rules.map(({ resources, scope }) => [resources, scope])).toEqual([[['tasks'], '*']]);
  });
});

test('the order of policies changes nothing', () => {
  const jobs = policy({}, { any: [{ resources: { kinds: ['CronJob', 'Job'] } }] });
  const sets = policy({ webhookTimeoutSeconds: 20 }, { any: [{ resources: { kinds: ['*Set'] } }] });
  const all = [jobs, auditing(), sets, enforcing()];
  expect(JSON.stringify(webhooksOf(all))).toBe(JSON.stringify(webhooksOf(all.toReversed())));
});

const kindLists = fc.uniqueArray(
  fc.constantFrom('Pod', 'Deployment', '*Job', 'apps/v1/*', 'v1/Pod', 'Pod/*', 'StatefulSet', 'Task', '*/*'),
  { minLength: 1, maxLength: 3 },
);

const somePolicy = fc
  .record({
    action: fc.constantFrom('Enforce', 'Audit'),
    failurePolicy: fc.constantFrom('Fail', 'Ignore'),
    override: fc.constantFrom({}, ...['Enforce', 'Audit'].flatMap((a) => [overridden(a, 'dev-*'), overridden(a, '*')])),
    mode: fc.constantFrom('any', 'all'),
    kinds: fc.array(kindLists, { minLength: 1, maxLength: 2 }),
    excluded: fc.constantFrom({}, ...['Pod', '*Set'].flatMap((kind) => [exclude(kind), exclude(kind, 'not-this')])),
    controllers: fc.constantFrom('none', 'Deployment,CronJob', undefined),
  })
  .map(({ action, failurePolicy, override, mode, kinds, excluded, controllers }) => {
    const match = { [mode]: kinds.map((list) => ({ resources: { kinds: list } })) };
    const rules = [rule({ match, ...excluded, verifyImages: [entry({ mutateDigest: false })] })];
    const written = policy({ validationFailureAction: action, failurePolicy, ...override, rules });
    const annotations = controllers && { annotations: { 'pod-policies.kyverno.io/autogen-controllers': controllers } };
    return { ...written, metadata: { ...(written['metadata'] as Json), ...annotations } };
  })
  // A match of which an exclude takes everything away does not load.
  .filter((document) => problemsOf(document).length === 0);

function exclude(kind: string, ...names: string[]): Json {
  return { exclude: { any: [{ resources: { kinds: [kind], ...(names.length > 0 && { names }) } }] } };
}

test('every rule is asked on both steps about every resource that it applies to, and no scope about any other', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(somePolicy, { minLength: 1, maxLength: 4 }), (policies) => {
      const scopes = scopesOf(load(...policies));
      const webhooks = webhookConfigurations(scopes, settings).flatMap((each) => each.webhooks);
      for (const purpose of ['mutate', 'validate'] as const) {
        for (const resource of podResources) {
          const applying = scopes.all.filter((each) => ruleApplies(each, pod({ ...resource, operation: 'UPDATE' })));
          const called = scopesCalled(webhooks, purpose, resource);
          expect(new Set(called.map(({ kind }) => kind))).toEqual(new Set(applying.map(scopeOf)));
          expect(called.flatMap((scope) => rulesIn(scopes, scope, 'shop') ?? [])).toEqual(
            expect.arrayContaining(applying),
          );
          for (const { kind } of called) seen.add(`${kind} ${resource.resource}`);
        }
      }
    }),
    { numRuns: 60 },
  );
  expect(seen.size).toBe(2 * podResources.length);
});

/** The scopes of the webhooks that an API server would call for a resource, read from the paths that it calls. */
function scopesCalled(
  webhooks: readonly Webhook[],
  purpose: string,
  { group, version, resource }: PodResource,
): Scope[] {
  const called = webhooks.filter(({ rules }) =>
    rules.some(
      (each) =>
        each.apiGroups.includes(group) && each.apiVersions.includes(version) && each.resources.includes(resource),
    ),
  );
  const paths = called.map(({ clientConfig }) => parseWebhookPath(clientConfig.url.slice(base.length)));
  expect(paths).not.toContain(undefined);
  return paths.flatMap((path) => (path?.purpose === purpose ? path.scope : []));
}
