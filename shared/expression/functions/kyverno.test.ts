import { loadRegExps } from '../../regexp.ts';
import { ExpressionTooCostly } from '../error.ts';
import { createRun } from '../run.ts';
import { kyvernoFunctions } from './kyverno.ts';
import { ask } from './testing/ask.ts';

beforeAll(loadRegExps);

test('all that Kyverno 1.19.1 has, each once', () => {
  const names = `add base64_decode base64_encode compare divide equal_fold image_normalize is_external_url items label_match lookup md5
    modulo multiply object_from_lists parse_json parse_yaml path_canonicalize pattern_match random regex_match regex_replace_all
    regex_replace_all_literal replace replace_all round semver_compare sha1 sha256 split subtract sum time_add time_after time_before
    time_between time_diff time_now time_now_utc time_parse time_since time_to_cron time_truncate time_utc to_boolean to_lower to_upper
    trim trim_prefix truncate x509_decode`;
  expect(kyvernoFunctions.map(({ name }) => name).toSorted()).toEqual(names.split(/\s+/));
});

/** For each function arguments that are as large as it takes. */
const large: Readonly<Record<string, readonly unknown[]>> = {
  add: ['1'.repeat(1024), '1'.repeat(1024)],
  sum: [Array(10_000).fill('1Gi')],
  base64_decode: ['aGV5'.repeat(100_000)],
  base64_encode: ['a'.repeat(500_000)],
  compare: ['a'.repeat(100_000), 'a'.repeat(100_000)],
  equal_fold: ['a'.repeat(100_000), 'A'.repeat(100_000)],
  image_normalize: ['a'.repeat(200)],
  items: [Array(10_000).fill(1), 'key', 'value'],
  object_from_lists: [Array.from({ length: 10_000 }, (_, at) => at / 4), []],
  label_match: [{ a: 'a'.repeat(100_000) }, { a: 'a'.repeat(100_000) }],
  md5: ['a'.repeat(100_000)],
  sha1: ['a'.repeat(100_000)],
  sha256: ['a'.repeat(100_000)],
  parse_json: [`[${'[],'.repeat(50_000)}1]`],
  parse_yaml: ['- a\n'.repeat(2500)],
  path_canonicalize: ['a/../'.repeat(10_000)],
  pattern_match: ['*?'.repeat(100), 'a'.repeat(10_000)],
  regex_match: ['(a|b)*c', 'a'.repeat(8192)],
  regex_replace_all: ['a', 'ab'.repeat(1000), '$0$0'],
  regex_replace_all_literal: ['a', 'ab'.repeat(1000), 'c'],
  random: ['[a-z]{1000}'],
  replace: ['ab'.repeat(10_000), 'a', 'c', -1],
  replace_all: ['ab'.repeat(10_000), '', 'c'],
  semver_compare: ['1.0.0', '1.0.0 '.repeat(500).trim()],
  split: ['a,'.repeat(10_000), ','],
  to_lower: ['A'.repeat(100_000)],
  to_upper: ['a'.repeat(100_000)],
  trim: ['a'.repeat(100_000), 'a'],
  trim_prefix: ['a'.repeat(100_000), 'a'],
  truncate: ['a'.repeat(100_000), 50_000],
};

test.each(Object.entries(large))('%s of much takes steps, and is stopped where there are none left', (name, given) => {
  expect(() => ask(name, given)).not.toThrow();
  expect(() => ask(name, given, createRun(0, 20))).toThrow(ExpressionTooCostly);
});
