import * as z from 'zod/mini';
import { type Digest, parseDigest } from '../image/digest.ts';
import { leafKinds } from '../trust/anchors.ts';
import type { KeptStatement, Signer, Verification } from './verification.ts';

/** What a pointer holds: where its tag pointed, and its repository's generation as it was before the tag was resolved. */
export interface Pointer {
  readonly digest: Digest;
  readonly generation: string;
  /** Milliseconds. */
  readonly expiresAt: number;
}

/** The policy and rule that first asked: for people who list the ledger; nothing is ever answered from them. */
export interface AskedBy {
  readonly policy: string;
  readonly rule: string;
}

/** What a verification's item holds. */
export interface Remembered {
  readonly verification: Verification;
  /** By pk: every generation that guards it, as it was before what it guards was fetched. */
  readonly generations: ReadonlyMap<string, string>;
  /** Milliseconds. */
  readonly expiresAt: number;
  readonly askedBy: AskedBy;
}

const digest = z.string().check(z.refine((text) => parseDigest(text) !== undefined));
const generation = z.string().check(z.minLength(1), z.maxLength(100));
const milliseconds = z.number().check(z.nonnegative());

/** Statements of one verification: no more signatures are tried. */
const maxStatements = 50;
/** Signers of one statement, and what each of them is told by. */
const maxTestimonies = 64;
const maxMarks = 16;

const testimony = z.strictObject({
  attestor: z.string().check(z.maxLength(1000)),
  marks: z.array(z.string().check(z.maxLength(4000))).check(z.maxLength(maxMarks)),
});

const statement = z.strictObject({
  predicate: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  by: z.array(testimony).check(z.maxLength(maxTestimonies)),
});

const pointerBody = z.strictObject({ digest, generation, expiresAt: milliseconds });

const verificationBody = z.strictObject({
  digest,
  signers: z.array(
    z.strictObject({
      attestor: z.string(),
      kind: z.enum(leafKinds),
      identity: z.string(),
      issuer: z.optional(z.string()),
    }),
  ),
  evidence: z.array(z.string()),
  statements: z.optional(z.array(statement).check(z.maxLength(maxStatements))),
  notes: z.optional(z.array(z.string())),
  verifiedAt: milliseconds,
  validUntil: z.optional(milliseconds),
  expiresAt: milliseconds,
  generations: z.array(z.tuple([z.string(), generation])),
  askedBy: z.strictObject({ policy: z.string(), rule: z.string() }),
});

export function pointerText(pointer: Pointer): string {
  const { digest, generation, expiresAt } = pointer;
  return JSON.stringify({ digest, generation, expiresAt });
}

/** `undefined`: not a pointer's body. */
export function parsePointer(text: string): Pointer | undefined {
  const body = parse(pointerBody, text);
  const digest = parseDigest(body?.digest);
  return body === undefined || digest === undefined ? undefined : { ...body, digest };
}

export function verificationText({ verification, generations, expiresAt, askedBy }: Remembered): string {
  const { digest, signers, evidence, statements, notes, verifiedAt, validUntil } = verification;
  const { policy, rule } = askedBy;
  return JSON.stringify({
    digest,
    signers: signers.map(signerOf),
    evidence,
    statements: statements?.map(statementOf),
    notes,
    verifiedAt,
    validUntil,
    expiresAt,
    generations: [...generations],
    askedBy: { policy, rule },
  });
}

// The body has the fields of its format and no others, whatever the objects have besides.
function signerOf({ attestor, kind, identity, issuer }: Signer) {
  return { attestor, kind, identity, issuer };
}

function statementOf({ predicate, by }: KeptStatement) {
  return { predicate, by: by.map(({ attestor, marks }) => ({ attestor, marks })) };
}

/** `undefined`: not a verification's body. */
export function parseVerification(text: string): Remembered | undefined {
  const body = parse(verificationBody, text);
  const digest = parseDigest(body?.digest);
  if (body === undefined || digest === undefined) return undefined;
  const { signers, evidence, statements, notes, verifiedAt, validUntil, expiresAt, generations, askedBy } = body;
  const verification = {
    digest,
    signers,
    evidence,
    verifiedAt,
    ...(statements === undefined ? {} : { statements }),
    ...(notes === undefined ? {} : { notes }),
    ...(validUntil === undefined ? {} : { validUntil }),
  };
  return { verification, generations: new Map(generations), expiresAt, askedBy };
}

function parse<T>(schema: z.ZodMiniType<T>, text: string): T | undefined {
  try {
    const result = schema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
