import { parseReviewText } from './review-text.ts';

const backslash = String.raw`\\`;

function review(fields: string, owned = '{}'): string {
  const metadata = `{"name":"p","managedFields":[{"manager":"kubectl","fieldsV1":${owned}}]}`;
  return `{"request":{"object":{"metadata":${metadata},"spec":${fields}}}}`;
}

/** Has V8 read names twice, in their order, of an object with nothing else. */
function seen(...names: string[]): void {
  for (let time = 0; time < 2; time += 1) JSON.parse(`{${names.map((name) => `"${name}":{}`).join()}}`);
}

const item = String.raw`{"k:{\"name\":\"app\"}":{".":{},"f:image":{}}}`;

test('of what the object holds no name is lost, whatever managedFields hold', () => {
  seen('!p', String.raw`\u003c`, backslash + backslash);
  seen('!p', backslash, String.raw`\\u003c`, 'a');
  const images = String.raw`{"!p":1,"\u003c":"<","\\":"b","\\u003c":"u"}`;
  for (const owned of ['{}', item]) {
    expect(parseReviewText(review(images, owned))).toMatchObject({
      request: { object: { spec: { '!p': 1, '<': '<', '\\': 'b', '\\u003c': 'u' } } },
    });
  }
});

test('the names of managedFields are read as they are written', () => {
  seen(backslash);
  seen(String.raw`k:{\\\"name\\\":\\\"app`);
  for (const owned of [item, String.raw`{"k:{\"mountPath\":\"C:\\\\data\"}":{".":{}}}`, String.raw`{"\u003c":{}}`]) {
    const text = review(String.raw`{"a":"b\"c"}`, owned);
    expect(JSON.stringify(parseReviewText(text))).toBe(text.replace(String.raw`\u003c`, '<'));
  }
});

test('what is nested in managedFields deeper than anybody looks is read all the same', () => {
  const depth = 500;
  const text = review('{}', `${'{"k:\\"":'.repeat(depth)}{}${'}'.repeat(depth)}`);
  expect(JSON.stringify(parseReviewText(text))).toBe(text);
});

test.each(['', '{', 'null null', String.raw`{"\"":}`])('%j is no JSON', (text) => {
  expect(() => parseReviewText(text)).toThrow(SyntaxError);
});
