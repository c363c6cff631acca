import { parseReview } from '../admission/review.ts';
import { Refusal } from '../reasons.ts';
import { atOnce } from '../slices.ts';
import { prepareInSlices } from './prepare.ts';
import { selectInSlices } from './select.ts';
import { entry, loadRule } from './testing/policies.ts';

const containers = Array.from({ length: 400 }, (_, at) => ({ name: `c${at}`, image: `ghcr.io/acme/app:${at}` }));
const pod = (labels: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels, ...metadata },
  spec: { containers },
});

function update(object: object, oldObject: object) {
  const parsed = parseReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      operation: 'UPDATE',
      name: 'web',
      namespace: 'shop',
      userInfo: { username: 'someone' },
      object,
      oldObject,
    },
  });
  if (parsed.kind !== 'review') throw new Error('no review');
  return parsed.request;
}

const images = { imageReferences: ['ghcr.io/acme/*'] };
const plain = loadRule({ verifyImages: [entry(images)] });
const varying = loadRule({
  verifyImages: [entry(images)],
  preconditions: { all: [{ key: '{{ request.object.metadata.labels.tier }}', operator: 'Equals', value: 'prod' }] },
});

/** What is asked where the time ends before the first slice has. */
function withoutTime(rule: typeof plain, object: object, old: object = pod({ tier: 'test' })) {
  const slices = selectInSlices([rule], update(object, old));
  expect(slices.next().done).toBe(false);
  const ended = slices.throw(new Refusal('deadline', 'the time ended'));
  return ended.done === true ? ended.value.map(({ ask, problem }) => [ask, problem?.reason]) : undefined;
}

describe('the time ends while images are compared, all of which are as they were', () => {
  test('a rule that depends on more of the object cannot say whether that is as it was', () => {
    expect(withoutTime(varying, pod({ tier: 'prod' }))).toEqual([['verify', 'object-too-slow']]);
  });

  test('a rule about images alone asks nothing, and an object that goes is let go', () => {
    expect(withoutTime(plain, pod({ tier: 'prod' }))).toEqual([]);
    const leaving = pod({ tier: 'test' }, { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a/b'] });
    expect(withoutTime(varying, pod({ tier: 'prod' }), leaving)).toEqual([]);
  });
});

describe('an object that an update leaves as it is', () => {
  /** The object, and how often all of it was looked at. */
  function watched(labels: object) {
    const looks = { count: 0 };
    const { spec, ...others } = pod(labels);
    const probe = Object.defineProperty({}, 'field', {
      enumerable: true,
      get: () => {
        looks.count += 1;
        return 'x';
      },
    });
    return { object: { ...others, spec: { ...spec, probe } }, looks };
  }
  const entriesOf = (object: object, old: object) => {
    const request = update(object, old);
    const preparation = { request, now: 0, imageData: new Map(), isNamed: () => true };
    const asked = atOnce(selectInSlices([varying], request));
    return atOnce(prepareInSlices(asked, preparation)).filter(({ entries }) => entries.length > 0).length;
  };

  test('is compared once, however many images it has', () => {
    const { object, looks } = watched({ tier: 'prod' });
    expect(entriesOf(object, watched({ tier: 'prod' }).object)).toBe(0);
    expect(looks.count).toBe(1);
    expect(entriesOf(object, watched({ tier: 'test' }).object)).toBe(containers.length);
  });
});
