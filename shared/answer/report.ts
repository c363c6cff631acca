import type { Signer } from '../ledger/verification.ts';
import { writtenImage } from '../policy/about.ts';
import type { AttestationResult, Verdict } from '../verdict/verdict.ts';
import type { AttestorResult } from '../verify/outcome.ts';
import { imageName } from './message.ts';

/** What the command line prints with `-o json`; the names are stable. */
export interface Report {
  readonly verdict: Verdict['result'];
  readonly results: readonly ReportResult[];
  /** `apply`: the resources as admission would leave them. */
  readonly patched: readonly unknown[];
}

export interface ReportResult {
  readonly policy: string;
  readonly rule: string;
  /** `Kind/namespace/name`, where there is a resource. */
  readonly resource?: string;
  readonly image: string;
  readonly digest: string | null;
  readonly result: Verdict['result'];
  readonly action: 'enforce' | 'audit';
  readonly reason: string;
  readonly message: string;
  readonly signers: readonly ReportSigner[];
  /** Each attestor tried, as a tree; empty on an answer from the ledger. */
  readonly attestors: readonly ReportAttestor[];
  /** Each attestation that the rule asks for. */
  readonly attestations: readonly ReportAttestation[];
  readonly requests: number;
  readonly ms: number;
  readonly source: string;
  /** What was not as it should be, and let the image pass: admission warns of it. */
  readonly notes?: readonly string[];
  /** Of the reason `policy-exception`: their names, `namespace/name`. */
  readonly exceptions?: readonly string[];
}

export interface ReportSigner {
  readonly attestor: string;
  readonly kind: string;
  readonly identity: string;
  /** Where somebody says who it is: not of a key. */
  readonly issuer?: string;
}

/** An attestor's result as it is printed: its reason is called `code` there. */
export interface ReportAttestor extends Omit<AttestorResult, 'reason' | 'children'> {
  readonly code?: AttestorResult['reason'];
  readonly children?: readonly ReportAttestor[];
}

/** An attestation's result as it is printed. */
export interface ReportAttestation extends Omit<AttestationResult, 'reason' | 'attestors'> {
  readonly code?: AttestationResult['reason'];
  readonly attestors: readonly ReportAttestor[];
}

export function reportResult(verdict: Verdict, resource?: string): ReportResult {
  const { question, effort } = verdict;
  return {
    policy: question.rule.policy,
    rule: question.rule.name,
    ...(resource === undefined ? {} : { resource }),
    image: writtenImage(verdict.question.about) ?? imageName(verdict),
    digest: verdict.digest ?? null,
    result: verdict.result,
    action: question.action,
    reason: verdict.reason,
    message: verdict.message,
    signers: verdict.signers.map(reportSigner),
    attestors: verdict.attestors.map(reportAttestor),
    attestations: verdict.attestations.map(reportAttestation),
    requests: effort.requests,
    ms: Math.round(effort.ms * 10) / 10,
    source: effort.source,
    ...(verdict.notes === undefined ? {} : { notes: verdict.notes }),
    ...(question.exceptions === undefined ? {} : { exceptions: question.exceptions }),
  };
}

function reportSigner({ attestor, kind, identity, issuer }: Signer): ReportSigner {
  return { attestor, kind, identity, ...(issuer === undefined ? {} : { issuer }) };
}

export function reportAttestor({
  path,
  kind,
  identity,
  pass,
  reason,
  message,
  children,
}: AttestorResult): ReportAttestor {
  const code = reason === undefined ? {} : { code: reason };
  if (children !== undefined) return { path, kind, message, children: children.map(reportAttestor), pass, ...code };
  return { path, kind, ...(identity === undefined ? {} : { identity }), pass, ...code, message };
}

function reportAttestation({
  path,
  name,
  predicateType,
  pass,
  reason,
  message,
  attestors,
}: AttestationResult): ReportAttestation {
  return {
    path,
    ...(name === undefined ? {} : { name }),
    predicateType,
    pass,
    ...(reason === undefined ? {} : { code: reason }),
    message,
    attestors: attestors.map(reportAttestor),
  };
}

/** The whole: fail over error over pass over skip. */
export function report(results: readonly ReportResult[], patched: readonly unknown[]): Report {
  const has = (result: Verdict['result']) => results.some((one) => one.result === result);
  const verdict = has('fail') ? 'fail' : has('error') ? 'error' : has('pass') ? 'pass' : 'skip';
  return { verdict, results, patched };
}

/** Exit status: 1 if any result is `fail` (only of rules that enforce, with `enforcing`), else 2 if any is `error`, else 0. */
export function exitStatus(results: readonly ReportResult[], enforcing: boolean): 0 | 1 | 2 {
  if (results.some(({ result, action }) => result === 'fail' && (!enforcing || action === 'enforce'))) return 1;
  return results.some(({ result }) => result === 'error') ? 2 : 0;
}
