import fc from 'fast-check';
import type { AdmissionRecord } from '../shared/answer/record.ts';
import { imageRecord as image, admissionRecord as record } from '../test/fixtures/record.ts';
import { recordLog } from './log.ts';

function written(format: 'text' | 'json', ...records: AdmissionRecord[]): string {
  let text = '';
  const stream = { isTTY: false, write: (part: string) => (text += part) };
  const log = recordLog(format, stream as unknown as NodeJS.WriteStream);
  for (const each of records) log.write(each);
  log.flush();
  return text;
}

test('a record is a line for people, and one for each image', () => {
  expect(written('text', record, { ...record, name: '', allowed: false, images: [] })).toBe(
    'allowed mutate CREATE Pod shop/web\n' +
      '        pass registry.example/team/app:v1 signed/by-team verified (ledger)\n' +
      'denied  mutate CREATE Pod shop/(generated)\n',
  );
});

test('results that a record leaves out are counted', () => {
  expect(written('text', { ...record, imagesOmitted: 19_980 }).split('\n')[2]).toBe('        and 19980 more');
  expect(JSON.parse(written('json', { ...record, imagesOmitted: 19_980 }))).toMatchObject({ imagesOmitted: 19_980 });
});

const hostile = ['\n', '\r', '\u001b[2J', '\u009b', '\u202e', '\u2028', '\u200b', '\ud800', 'allowed mutate CREATE'];
const anyText = fc.array(fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary' })), { maxLength: 5 });
const any = anyText.map((parts) => parts.join(''));
const anyImage = fc.record({ image: any, policy: any, rule: any, result: any, reason: any, source: any });
const anyRecord = fc.record({
  namespace: any,
  kind: any,
  name: any,
  operation: any,
  step: any,
  images: fc.array(anyImage, { maxLength: 3 }),
});

test('whatever is in a record, it writes as many lines as it has, and nothing that moves a cursor or turns text', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 3 }), (some) => {
      const records = some.map((each): AdmissionRecord => {
        const images = each.images.map((one) => ({ ...image, ...one }));
        return { ...record, ...each, images };
      });
      const lines = written('text', ...records).split('\n');
      expect(lines.pop()).toBe('');
      expect(lines).toHaveLength(records.reduce((sum, { images }) => sum + 1 + images.length, 0));
      for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      const asJson = written('json', ...records)
        .split('\n')
        .slice(0, -1);
      expect(asJson.map((line) => JSON.parse(line))).toEqual(records);
    }),
    { seed: 7, numRuns: 300 },
  );
});
