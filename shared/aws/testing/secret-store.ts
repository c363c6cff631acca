import { failed, fakeCredentials, type Service, type ServiceCall, startService } from './service.ts';

interface Version {
  readonly id: string;
  readonly text: string;
  readonly createdAt: number;
}

/** Secrets Manager on loopback, with the versions and the staging labels of one secret. */
export interface TestSecretStore extends Pick<Service, 'calls' | 'close'> {
  readonly id: string;
  /** What a client is made of. */
  readonly client: { readonly endpoint: string; readonly region: string; readonly credentials: typeof fakeCredentials };
  /** In milliseconds: when what is put now is made. */
  now: number;
  /** The value in force. */
  readonly text: string | undefined;
  /** A further version that is in force at once, as another's hand would put it. */
  put(text: string): void;
  /** Done once, right before the next call of this operation is answered. */
  before(operation: string, done: () => void): void;
  /** What calls of an operation are answered in place of it. */
  readonly failures: Map<string, ReturnType<typeof failed>>;
  /** Operations of which the next answer is lost when it has been done. */
  readonly lost: Set<string>;
}

export async function startSecretStore(id = 'tokens'): Promise<TestSecretStore> {
  const service = await startService();
  const versions: Version[] = [];
  const labels = new Map<string, string>();
  const failures: TestSecretStore['failures'] = new Map();
  let once: { readonly operation: string; readonly done: () => void } | undefined;

  const inForce = () => versions.find((version) => version.id === labels.get('AWSCURRENT'));
  function add(text: string): Version {
    const version = { id: `version-${versions.length + 1}`, text, createdAt: store.now };
    versions.push(version);
    // The first one is in force, whatever was asked.
    if (versions.length === 1) labels.set('AWSCURRENT', version.id);
    return version;
  }

  const lost = new Set<string>();
  function answer(call: ServiceCall): ReturnType<typeof failed> {
    const answered = carriedOut(call);
    return lost.delete(call.operation) ? { status: 500, body: {} } : answered;
  }

  function carriedOut({ operation, input }: ServiceCall): ReturnType<typeof failed> {
    if (once?.operation === operation) {
      const { done } = once;
      once = undefined;
      done();
    }
    const failure = failures.get(operation);
    if (failure !== undefined) return failure;
    if (input['SecretId'] !== id) return failed('ResourceNotFoundException');
    if (operation === 'GetSecretValue') {
      const found = inForce();
      if (found === undefined) return failed('ResourceNotFoundException');
      const { text: SecretString, id: VersionId, createdAt } = found;
      return { status: 200, body: { SecretString, VersionId, CreatedDate: createdAt / 1000 } };
    }
    if (operation === 'PutSecretValue') {
      const version = add(String(input['SecretString']));
      const asked: unknown = input['VersionStages'];
      for (const label of Array.isArray(asked) ? asked : ['AWSCURRENT']) labels.set(String(label), version.id);
      const VersionStages = [...labels].filter(([, of]) => of === version.id).map(([label]) => label);
      return { status: 200, body: { VersionId: version.id, VersionStages } };
    }
    if (operation !== 'UpdateSecretVersionStage') return failed('UnknownOperationException');
    const label = String(input['VersionStage']);
    if (labels.get(label) !== input['RemoveFromVersionId']) return failed('InvalidParameterException');
    labels.set(label, String(input['MoveToVersionId']));
    return { status: 200, body: {} };
  }
  service.answerWith(answer);

  const store: TestSecretStore = {
    id,
    client: { endpoint: service.endpoint, region: 'eu-west-1', credentials: fakeCredentials },
    calls: service.calls,
    now: Date.parse('2026-01-01T00:00:00Z'),
    get text() {
      return inForce()?.text;
    },
    put(text) {
      labels.set('AWSCURRENT', add(text).id);
    },
    before(operation, done) {
      once = { operation, done };
    },
    failures,
    lost,
    close: () => service.close(),
  };
  return store;
}
