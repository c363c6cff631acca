import { isJsonObject, type JsonObject, own } from '../admission/json.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import { formatReference } from '../image/reference.ts';
import { writtenImage } from '../policy/about.ts';
import { printable, quoted, shortened } from '../printable.ts';
import { type Reason, reasons } from '../reasons.ts';
import type { Decision } from '../verdict/decision.ts';
import { type AttestationResult, kindOf, type Verdict } from '../verdict/verdict.ts';
import type { AttestorResult } from '../verify/outcome.ts';

/** Characters below the first line; kubectl prints the whole message, and past this nobody reads on. */
const longestDenial = 4000;
/** Kubernetes' bound on names, which are foreign here: webhooks are called before the API server looks at them. */
const longestName = 253;
/** The API server cuts warnings over 256 characters, and all of them together at 4096. */
const longestWarning = 250;
/** Of a warning before its white space is folded: its author chooses how much there is. */
const longestUnfolded = 4 * longestWarning;
const mostWarnings = 16;
/** Of a warning, what an image's name may take: the reason stands behind it. */
const longestImage = 140;

/** What `kubectl` prints: object, then per verdict policy, rule, what is wrong with which image, reason, each attestor tried, and what to do next. */
export function denialMessage(request: AdmissionRequest, { blocking, status }: Decision): string {
  const what = status === 503 ? 'could not be verified' : 'denied';
  const images = blocking.length === 1 ? '1 image' : `${blocking.length} results`;
  const parts = [printable(`${shownName(request.kind.kind)} ${objectName(request)}: ${images} ${what}`)];
  let left = longestDenial;
  for (const [index, verdict] of blocking.entries()) {
    const whole = denialOf(verdict);
    // The reason of the first stays, whatever follows it.
    const text = index === 0 ? shortened(whole, left - 1) : whole;
    if (text.length > left) {
      parts.push(`and ${blocking.length - index} more`);
      break;
    }
    left -= text.length + 1;
    parts.push(text);
  }
  return parts.join('\n');
}

function denialOf(verdict: Verdict): string {
  const { rule } = verdict.question;
  const lines = [
    `policy ${rule.policy}, rule ${rule.name}: ${troubleOf(verdict)}`,
    `  ${kindOf(verdict.reason)} (${verdict.reason}): ${verdict.message}`,
  ];
  attestorLines(verdict.attestors, '  ', lines);
  attestationLines(verdict.attestations, lines);
  if (verdict.question.again)
    lines.push('  asked anew: the update leaves this image, and changes what the rule asks about the object');
  const { advice } = reasons[verdict.reason];
  if (advice !== '') lines.push(`  next: ${advice}`);
  return lines.map((line) => printable(line, longestDenial)).join('\n');
}

/** What is wrong with an image, in the words that Kyverno has for it and people look for. */
export function troubleWith(reason: Reason): string {
  if (reason === 'digest-missing') return 'missing digest for';
  return reason === 'no-attestors' ? 'unverified image' : 'failed to verify image';
}

/** What is wrong and why, in one text; `undefined`: nothing is. */
export function failureOf(verdict: Verdict): string | undefined {
  const { result, message } = verdict;
  return result === 'fail' || result === 'error' ? `${troubleOf(verdict)}: ${message}` : undefined;
}

function troubleOf(verdict: Verdict, longest = Number.POSITIVE_INFINITY): string {
  const { reason, question, result } = verdict;
  // What is only worth a warning is no failure.
  if (result === 'skip') return shortened(imageName(verdict), longest);
  if (question.about.kind === 'object') return `${troubleWith(reason)}s of the object`;
  // What it is missing is no part of its name.
  const name = imageName(reason === 'digest-missing' ? { ...verdict, digest: undefined } : verdict);
  return `${troubleWith(reason)} ${shortened(name, longest)}`;
}

/** A set of one says nothing that its only attestor does not: that one stands in its place. */
export function told<T extends { readonly children?: readonly T[] }>(attestor: T): T {
  const [only, another] = attestor.children ?? [];
  return only === undefined || another !== undefined ? attestor : told(only);
}

/** One line per attestor tried, at most 20: those of a set are indented under it. */
function attestorLines(attestors: readonly AttestorResult[], indent: string, lines: string[]): void {
  for (const attestor of attestors.slice(0, 20).map(told)) {
    const mark = attestor.pass ? 'ok' : 'no';
    lines.push(`${indent}- ${mark} ${attestor.path}: ${attestor.message}`);
    if (attestor.children !== undefined) attestorLines(attestor.children, `${indent}  `, lines);
  }
  if (attestors.length > 20) lines.push(`${indent}- and ${attestors.length - 20} more`);
}

/** One line per attestation, its attestors under it where none of them stands behind it. */
function attestationLines(attestations: readonly AttestationResult[], lines: string[]): void {
  for (const { path, name, pass, message, attestors, reason } of attestations.slice(0, 20)) {
    const title = name === undefined ? path : `${path} ${quoted(name, 63)}`;
    lines.push(`  - ${pass ? 'ok' : 'no'} ${title}: ${message}`);
    if (reason === 'attestation-untrusted') attestorLines(attestors, '    ', lines);
  }
  if (attestations.length > 20) lines.push(`  - and ${attestations.length - 20} more`);
}

/**
 * Warnings for failures that do not block, and for what `noted` have to say although they passed: as many as the API server passes on, and
 * how many there are beyond.
 */
export function warningsOf(verdicts: readonly Verdict[], noted: readonly Verdict[] = []): string[] {
  const all = [...verdicts.map((verdict) => () => warningOf(verdict)), ...notesOf(noted)];
  const warnings = all.slice(0, mostWarnings).map((write) => write());
  if (all.length > mostWarnings) warnings.push(`and ${all.length - mostWarnings} more`);
  return warnings;
}

/** Each once for an image, however many slots name it. */
function notesOf(verdicts: readonly Verdict[]): readonly (() => string)[] {
  const once = new Map<string, () => string>();
  for (const verdict of verdicts) {
    const { policy, name } = verdict.question.rule;
    for (const note of verdict.notes ?? []) {
      const image = shortened(imageName(verdict), longestImage);
      const text = `${policy}/${name}: ${image}: ${note}`;
      once.set(text, () => oneWarning(text));
    }
  }
  return [...once.values()];
}

function warningOf(verdict: Verdict): string {
  const { rule } = verdict.question;
  const trouble = troubleOf(verdict, longestImage);
  return oneWarning(`${rule.policy}/${rule.name}: ${trouble}: ${verdict.reason}: ${verdict.message}`);
}

/** On one line, and cut to what the API server passes on; a warning with a line break it drops. */
export function oneWarning(text: string): string {
  const line = printable(shortened(text, longestUnfolded).replace(/\s+/g, ' '));
  return line.length <= longestWarning ? line : `${line.slice(0, longestWarning - 1)}…`;
}

/** The image as it was written, with the digest that was looked at. What is in parentheses is no image. */
export function imageName({ reference, digest, question }: Verdict): string {
  if (reference !== undefined) return formatReference(digest === undefined ? reference : { ...reference, digest });
  const written = writtenImage(question.about);
  return written === undefined ? '(the object as a whole)' : quoted(written, 200);
}

function objectName({ namespace, name, object }: AdmissionRequest): string {
  const shown = name !== '' ? plainName(name) : generatedName(object);
  return namespace === '' ? shown : `${plainName(namespace)}/${shown}`;
}

/** A word, as names in Kubernetes are, whatever the kind: letters of other scripts turn the text around them, or pile marks upon it. */
const namelike = /^[A-Za-z0-9_.:-]*$/;

/** A name for the middle of a sentence: one that is no word is quoted, since it may read as ours. */
export function plainName(name: string): string {
  return namelike.test(name) ? shownName(name) : quoted(name, longestName);
}

/** The name of an object, a namespace or a kind, as long as a valid one. */
export function shownName(name: string): string {
  return shortened(name, longestName);
}

function generatedName(object: JsonObject | undefined): string {
  const metadata = object === undefined ? undefined : own(object, 'metadata');
  const prefix = isJsonObject(metadata) ? own(metadata, 'generateName') : undefined;
  return typeof prefix === 'string' ? `${plainName(prefix)}*` : '(new)';
}
