import { styleText } from 'node:util';
import { told, troubleWith } from '../shared/answer/message.ts';
import type { Report, ReportAttestation, ReportAttestor, ReportResult } from '../shared/answer/report.ts';
import { printable, quoted } from '../shared/printable.ts';
import { type Reason, reasons } from '../shared/reasons.ts';

type Colour = 'green' | 'red' | 'yellow' | 'dim';

const marks: Readonly<Record<ReportResult['result'], readonly [string, Colour]>> = {
  pass: ['✓', 'green'],
  fail: ['✗', 'red'],
  error: ['!', 'yellow'],
  skip: ['-', 'dim'],
};

/** The report for people: a tree per image that shows each attestor tried and why it failed. */
export function treeOf(report: Report, colour: boolean): string {
  const paint = (style: Colour, text: string) => (colour ? styleText(style, text, { validateStream: false }) : text);
  const lines: string[] = [];
  let heading = '';
  for (const result of report.results) {
    const next = printable(`${result.resource === undefined ? '' : `${result.resource}  `}${result.image}`);
    if (next !== heading) {
      heading = next;
      lines.push(next, ...(result.digest === null ? [] : [`  ${result.digest}`]));
    }
    const [mark, style] = marks[result.result];
    const audit = result.action === 'audit' ? ' (audit)' : '';
    const asked = printable(`${result.policy} / ${result.rule}${audit}: ${result.reason}`);
    lines.push(`  ${paint(style, `${mark} ${result.result}`)}  ${asked}`);
    lines.push(printable(`      ${messageOf(result)}`));
    attestorTree(result.attestors, '      ', lines, paint);
    attestationTree(result.attestations, '      ', lines, paint);
    for (const note of result.notes ?? []) lines.push(`      ${paint('yellow', '!')} ${printable(note)}`);
    const advice = reasons[result.reason as Reason]?.advice ?? '';
    if (advice !== '') lines.push(`      next: ${advice}`);
    const effort = `${result.requests} ${result.requests === 1 ? 'request' : 'requests'}, ${result.ms} ms, from the ${result.source}`;
    if (result.source !== 'none') lines.push(paint('dim', `      ${effort}`));
  }
  const [, style] = marks[report.verdict];
  lines.push('', `${paint(style, report.verdict)}: ${countsOf(report.results)}`);
  return `${lines.join('\n')}\n`;
}

/** It stands below the name of the image. */
function messageOf({ result, reason, image, message }: ReportResult): string {
  if (result !== 'fail' && result !== 'error') return message;
  const trouble = troubleWith(reason as Reason);
  return `${reason === 'digest-missing' ? `${trouble} ${image}` : trouble}: ${message}`;
}

function attestorTree(
  attestors: readonly ReportAttestor[],
  indent: string,
  lines: string[],
  paint: (style: Colour, text: string) => string,
): void {
  for (const attestor of attestors.map(told)) {
    const mark = attestor.pass ? paint('green', '✓') : paint('red', '✗');
    lines.push(`${indent}${mark} ${printable(`${attestor.path}: ${attestor.message}`)}`);
    if (attestor.children !== undefined) attestorTree(attestor.children, `${indent}  `, lines, paint);
  }
}

function attestationTree(
  attestations: readonly ReportAttestation[],
  indent: string,
  lines: string[],
  paint: (style: Colour, text: string) => string,
): void {
  for (const { path, name, pass, message, attestors } of attestations) {
    const mark = pass ? paint('green', '✓') : paint('red', '✗');
    const title = name === undefined ? path : `${path} ${quoted(name, 63)}`;
    lines.push(`${indent}${mark} ${printable(`${title}: ${message}`)}`);
    attestorTree(attestors, `${indent}  `, lines, paint);
  }
}

function countsOf(results: readonly ReportResult[]): string {
  const counts = (['pass', 'fail', 'error', 'skip'] as const).map((kind) => {
    const count = results.filter(({ result }) => result === kind).length;
    return count === 0 ? undefined : `${count} ${kind}`;
  });
  return counts.filter((count) => count !== undefined).join(', ') || 'nothing to check';
}
