import type { Context } from 'aws-lambda';
import type { AdmissionRecord } from '../../shared/answer/record.ts';
import { loadPolicies } from '../../shared/policy/kyverno/load.ts';
import { scopesOf } from '../../shared/policy/scopes.ts';
import { Refusal } from '../../shared/reasons.ts';
import type { Caller, HttpEvent } from './event.ts';
import { type AdmissionPorts, type CallRecord, createHandler } from './handler.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u-1',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    operation: 'CREATE',
    name: 'web',
    namespace: 'shop',
    userInfo: { username: 'alice' },
    object: { metadata: { name: 'web' }, spec: { containers: [] } },
  },
};

interface Asked {
  readonly path?: string;
  readonly body?: unknown;
  readonly shape?: 'http-api' | 'rest-api';
  /** What API Gateway says of when it took the call. */
  readonly receivedAt?: number;
  readonly remaining?: number;
  /** The query's. */
  readonly timeout?: string;
  readonly caller?: Caller;
  /** Of the route that API Gateway chose, and what it read from the path by it. */
  readonly route?: string;
  readonly parameters?: Readonly<Record<string, string>> | null;
}

/** Asks a handler with some ports of its own. */
async function ask(own: Partial<AdmissionPorts>, asked: Asked = {}) {
  const counted: string[] = [];
  const records: AdmissionRecord[] = [];
  const calls: CallRecord[] = [];
  const crashes: unknown[] = [];
  const metrics = { count: (name: string) => counted.push(name) };
  const handler = createHandler({
    pipeline: { review: async () => [] },
    policies: () => ({ scopes: scopesOf({ rules: [], warnings: [], hash: '' }), hash: 'h' }),
    gate: { tokens: () => ['t'], metrics },
    clock: () => now,
    elapsed: () => now,
    metrics,
    log(record, call) {
      records.push(record);
      calls.push(call);
    },
    crashed: (thrown) => crashes.push(thrown),
    ...own,
  });
  const {
    path = '/prod/mutate/fail/t',
    body = review,
    shape = 'http-api',
    receivedAt,
    remaining = 29_000,
    timeout = '10s',
    caller,
  } = asked;
  const { route, parameters: pathParameters } = asked;
  const common = { body: JSON.stringify(body), isBase64Encoded: false, queryStringParameters: { timeout } };
  const event: unknown =
    shape === 'http-api'
      ? {
          ...common,
          rawPath: path,
          ...(route !== undefined && { routeKey: `POST ${route}`, pathParameters }),
          requestContext: {
            stage: '$default',
            http: { method: 'POST', sourceIp: caller?.source },
            timeEpoch: receivedAt,
            requestId: caller?.requestId,
          },
        }
      : {
          ...common,
          path,
          httpMethod: 'POST',
          ...(route !== undefined && { resource: route, pathParameters }),
          requestContext: {
            stage: 'dev',
            requestTimeEpoch: receivedAt,
            requestId: 'as the client says',
            extendedRequestId: caller?.requestId,
            ...(caller !== undefined && {
              identity: { sourceIp: caller.source ?? null, vpceId: 'vpce-0123456789abcdef0' },
            }),
          },
        };
  const context = { getRemainingTimeInMillis: () => remaining } as Context;
  const { statusCode, body: text = '' } = await handler(event as HttpEvent, context);
  const response = text.startsWith('{') ? JSON.parse(text).response : undefined;
  return { statusCode, text, response, counted, records, calls, crashes };
}

describe.each(['http-api', 'rest-api'] as const)('the time of a review, in an event of a %s', (shape) => {
  async function budget(asked: Asked, own: Partial<AdmissionPorts> = {}): Promise<number> {
    let given = Number.NaN;
    await ask(
      {
        ...own,
        pipeline: {
          async review(_rules, _request, { deadline }) {
            given = deadline.remaining();
            return [];
          },
        },
      },
      { ...asked, shape },
    );
    return given;
  }

  test.each([
    ['is the API server’s timeout less 1.3 s', { receivedAt: now }, 8700],
    ['runs from when API Gateway took the call, while the function started', { receivedAt: now - 2500 }, 6200],
    ['is none when all of it passed before', { receivedAt: now - 9000 }, 0],
    ['is bounded by what the function has left', { receivedAt: now - 100, remaining: 1200 }, 1000],
    ['is not shortened by a clock that is ahead', { receivedAt: now + 5000 }, 8700],
    ['is not shortened by an event that was kept', { receivedAt: now - 86_400_000 }, 8700],
    ['needs no word of API Gateway’s', {}, 8700],
  ])('%s', async (_, asked, expected) => {
    expect(await budget(asked)).toBe(expected);
  });

  test('is never more than the rules of the very scope ask, whatever the query says; less is the caller’s own', async () => {
    const text = (name: string, failurePolicy: string, seconds: number) => `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: ${name}}
spec:
  validationFailureAction: Enforce
  failurePolicy: ${failurePolicy}
  webhookTimeoutSeconds: ${seconds}
  rules:
    - name: check
      match: {any: [{resources: {kinds: [Pod]}}]}
      verifyImages:
        - imageReferences: ['ghcr.io/acme/*']
          attestors: [{entries: [{keyless: {subject: 'a@acme.example', issuer: 'https://acme.example', rekor: {url: 'https://rekor.sigstore.dev'}}}]}]
`;
    const written = [text('short', 'Fail', 3), text('shorter', 'Fail', 2), text('long', 'Ignore', 20)];
    const scopes = scopesOf(loadPolicies(written.map((text, at) => ({ name: `${at}.yaml`, text }))));
    const own = { policies: () => ({ scopes, hash: 'h' }) };
    const given = (scope: string, timeout: string) => budget({ timeout, path: `/prod/mutate/${scope}/t` }, own);
    expect(await given('fail', '30s')).toBe(1700);
    expect(await given('fail', '1m')).toBe(1700);
    expect(await given('fail', 'none')).toBe(1700);
    expect(await given('fail', '2s')).toBe(1000);
    expect(await given('ignore', '30s')).toBe(18_700);
    expect(await given('audit', '30s')).toBe(18_700);
  });
});

describe('the log says whose call it was, by API Gateway’s word', () => {
  const receivedAt = now - 40;
  const source = { source: '10.0.3.7', requestId: 'JKJaXmPLvHcESHA=' };

  test('of an HTTP API: address, the API’s own id, the review’s, and how long it took', async () => {
    const { calls } = await ask({}, { receivedAt, caller: source });
    expect(calls).toEqual([{ ...source, uid: 'u-1', durationMs: 40 }]);
  });

  test('of a private one the same, and its endpoint where no address is told', async () => {
    expect((await ask({}, { shape: 'rest-api', receivedAt, caller: source })).calls).toEqual([
      { ...source, uid: 'u-1', durationMs: 40 },
    ]);
    const { requestId } = source;
    expect((await ask({}, { shape: 'rest-api', receivedAt, caller: { requestId } })).calls).toEqual([
      { source: 'vpce-0123456789abcdef0', requestId, uid: 'u-1', durationMs: 40 },
    ]);
  });

  test('where no rule could be asked too, and not what a review says of itself', async () => {
    const body = {
      ...review,
      source: '192.0.2.1',
      request: { ...review.request, requestId: 'forged', source: '192.0.2.1' },
    };
    const invalid = { policies: () => new Refusal('policies-invalid', 'a.yaml:4: no') };
    const { calls } = await ask(invalid, { body, receivedAt, caller: source });
    expect(calls).toEqual([{ ...source, uid: 'u-1', durationMs: 40 }]);
  });

  test('an event that says nothing of it, or has but one id of the call, is answered all the same', async () => {
    for (const shape of ['http-api', 'rest-api'] as const) {
      const { statusCode, calls } = await ask({}, { shape });
      const told = shape === 'rest-api' ? { requestId: 'as the client says' } : {};
      expect([statusCode, calls]).toEqual([200, [{ ...told, uid: 'u-1', durationMs: 0 }]]);
    }
  });
});

describe.each(['http-api', 'rest-api'] as const)(
  'behind a custom domain with a base path, in an event of a %s',
  (shape) => {
    const tokens: Readonly<Record<string, string>> = { prod: 't', staging: 'other' };
    const gate = { tokens: (cluster: string) => [tokens[cluster] ?? ''], metrics: { count: () => undefined } };
    const route = '/prod/{verb}/{scope}/{token}';
    const parameters = { verb: 'mutate', scope: 'fail', token: 't' };
    const asked = { shape, route, parameters, path: '/hooks/prod/mutate/fail/t' };

    test('the route says which cluster is asked about, and its parameters the rest', async () => {
      expect(await ask({ gate }, asked)).toMatchObject({ statusCode: 200, response: { allowed: true } });
      const { records } = await ask({ gate, policies: () => new Refusal('policies-invalid', 'none') }, asked);
      expect(records).toMatchObject([{ cluster: 'prod' }]);
    });

    test('a base path that is named as another cluster, or as its whole path, is no way to that one', async () => {
      for (const base of ['/staging', '/staging/mutate/fail/other']) {
        const path = `${base}/prod/mutate/fail/t`;
        expect(await ask({ gate }, { ...asked, path })).toMatchObject({ statusCode: 200 });
        const withOther = { ...parameters, token: 'other' };
        expect(await ask({ gate }, { ...asked, path, parameters: withOther })).toMatchObject({ statusCode: 401 });
      }
    });

    test.each([
      ['a slash in one', { ...parameters, scope: 'fail/t' }],
      ['a slash at the end of one', { ...parameters, token: 't/' }],
      ['one that is missing', { verb: 'mutate', scope: 'fail' }],
      ['none at all', null],
    ])('%s makes no webhook’s path of it', async (_, given) => {
      expect(await ask({ gate }, { ...asked, parameters: given })).toMatchObject({ statusCode: 404, records: [] });
    });

    test('a route that is no cluster’s, such as a proxy’s, leaves the path to be read', async () => {
      const proxied = { shape, route: '/{proxy+}', parameters: { proxy: 'prod/mutate/fail/t' } };
      expect(await ask({ gate }, { ...proxied, path: '/prod/mutate/fail/t' })).toMatchObject({ statusCode: 200 });
      expect(await ask({ gate }, { ...proxied, path: '/hooks/prod/mutate/fail/t' })).toMatchObject({ statusCode: 404 });
    });
  },
);

test('without tokens to compare with, nobody is answered', async () => {
  const gate = { tokens: () => Promise.reject(new Error('no secret')), metrics: { count: () => undefined } };
  expect(await ask({ gate })).toMatchObject({ statusCode: 503, text: '', records: [] });
});

test('tokens that come later are as good', async () => {
  const gate = { tokens: async () => ['t'], metrics: { count: () => undefined } };
  expect(await ask({ gate })).toMatchObject({ statusCode: 200, response: { allowed: true } });
  expect(await ask({ gate }, { path: '/prod/mutate/fail/other' })).toMatchObject({ statusCode: 401, text: '' });
});

describe('what no rule could be asked about', () => {
  const invalid = { policies: () => new Refusal('policies-invalid', 'a.yaml:4: spec.rulez: unknown field') };
  const unavailable = { pipeline: { review: () => Promise.reject(new Refusal('deadline', 'late')) } };
  const broken = { pipeline: { review: () => Promise.reject(new TypeError('defect')) } };

  test.each<[string, string, number | 'admitted', Partial<AdmissionPorts>]>([
    ['invalid', 'fail', 403, invalid],
    ['invalid', 'ignore', 403, invalid],
    ['invalid', 'audit', 'admitted', invalid],
    ['unavailable', 'fail', 503, unavailable],
    ['unavailable', 'ignore', 'admitted', unavailable],
    ['unavailable', 'audit', 'admitted', unavailable],
    ['our defect', 'fail', 503, broken],
    ['our defect', 'audit', 'admitted', broken],
  ])('%s, in scope %s: %s', async (_, scope, expected, own) => {
    const { statusCode, response, counted, records } = await ask(own, { path: `/prod/mutate/${scope}/t` });
    expect(statusCode).toBe(200);
    expect(response.status?.code ?? 'admitted').toBe(expected);
    expect(response.allowed).toBe(expected === 'admitted');
    expect(response.warnings?.length ?? 0).toBe(expected === 'admitted' ? 1 : 0);
    expect(counted).toEqual(['refused']);
    expect(records).toEqual([expect.objectContaining({ cluster: 'prod', name: 'web', user: 'alice', images: [] })]);
  });

  test('is told in several lines by a denial and in one by a warning, which an API server drops otherwise', async () => {
    const several = { policies: () => new Refusal('policies-invalid', 'a.yaml:4: one\nb.yaml:7: two\u001b') };
    const { response } = await ask(several, { path: '/prod/mutate/fail/t' });
    expect(response.status.message).toBe('invalid (policies-invalid): a.yaml:4: one\nb.yaml:7: two\\u001b');
    const audited = await ask(several, { path: '/prod/mutate/audit/t' });
    expect(audited.response.warnings).toEqual(['invalid (policies-invalid): a.yaml:4: one b.yaml:7: two\\u001b']);
  });

  test('is answered by its uid where it is malformed', async () => {
    const body = { ...review, request: { uid: 'u-2', operation: 'CREATE' } };
    const { response } = await ask({}, { body });
    expect(response).toMatchObject({ uid: 'u-2', allowed: false, status: { code: 403 } });
    const audited = await ask({}, { body, path: '/prod/validate/audit/t' });
    expect(audited.response).toMatchObject({ uid: 'u-2', allowed: true });
  });

  test('a defect of ours is told to whoever keeps the log; a refusal is none', async () => {
    expect((await ask(broken)).crashes).toEqual([expect.objectContaining({ message: 'defect' })]);
    expect((await ask(unavailable)).crashes).toEqual([]);
  });
});
