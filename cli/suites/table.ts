import { styleText } from 'node:util';
import { printable } from '../../shared/printable.ts';
import type { Row } from './row.ts';

const columns = ['ID', 'POLICY', 'RULE', 'RESOURCE', 'RESULT', 'REASON'] as const;
const results = { passed: 'Pass', failed: 'Fail', left: 'Left' } as const;
const styles = { passed: 'green', failed: 'red', left: 'dim' } as const;
const resultColumn = columns.indexOf('RESULT');

/** Rows as Kyverno's command line prints them; `detailed`: with the messages. Numbered from 1. */
export function tableOf(rows: readonly Row[], { detailed, colour }: { detailed: boolean; colour: boolean }): string {
  const headings = [...columns, ...(detailed ? ['MESSAGE'] : [])];
  const cells = rows.map((row, index) => cellsOf(row, index + 1).slice(0, headings.length));
  const widths = headings.map((heading, at) =>
    cells.reduce((width, line) => Math.max(width, (line[at] ?? '').length), heading.length),
  );
  const line = (words: readonly string[], paint: (text: string, at: number) => string = (text) => text) =>
    `│ ${words.map((word, at) => paint(word.padEnd(widths[at] ?? 0), at)).join(' │ ')} │`;
  const rule = `│─${widths.map((width) => '─'.repeat(width)).join('─│─')}─│`;
  const body = cells.map((words, index) => {
    const { outcome } = rows[index] ?? { outcome: 'left' };
    const paint = (text: string) => styleText(styles[outcome], text, { validateStream: false });
    return line(words, (text, at) => (colour && at === resultColumn ? paint(text) : text));
  });
  return `${[rule, line(headings), rule, ...body, rule].join('\n')}\n`;
}

function cellsOf({ expected, rule, resource, outcome, reason, message }: Row, id: number): readonly string[] {
  return [String(id), expected.policy, rule, resource, results[outcome], reason, message].map((text) =>
    printable(text),
  );
}
