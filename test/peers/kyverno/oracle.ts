import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { WrittenBlock } from '../../../shared/expression/conditions.ts';
import type { Json, JsonObject } from '../../../shared/expression/value.ts';
import { cleanEnvironment, tool } from '../tools.ts';

/** What main.go takes; `integers`: whole numbers as an API server's objects have them (int64), not as a predicate (float64). */
export type Question = { readonly integers?: boolean } & (
  | { readonly op: 'jmespath'; readonly expression: string; readonly context: Json }
  | { readonly op: 'operator'; readonly operator: string; readonly key: Json; readonly value: Json }
  | { readonly op: 'substitute'; readonly document: Json; readonly context: JsonObject }
  | { readonly op: 'conditions'; readonly conditions: readonly WrittenBlock[]; readonly context: JsonObject }
  | {
      readonly op: 'attestation';
      readonly conditions: readonly WrittenBlock[];
      readonly predicate: JsonObject;
      readonly context: JsonObject;
    }
  | { readonly op: 'wildcard'; readonly pattern: string; readonly name: string }
  | { readonly op: 'functions' }
);

/** `panic`: Kyverno's own code did, where its engine would have answered the whole request with an error. */
export type Answer =
  | { readonly value: Json }
  | { readonly holds: boolean; readonly message?: string }
  | { readonly error: string }
  | { readonly panic: string };

/** Kyverno's packages behind the pipes of a process (main.go). */
export interface Oracle {
  /** The answers in the order of the questions. Throws where a question ends the process, as one does that takes over 10 s. */
  askAll(questions: readonly Question[]): Promise<Answer[]>;
  stop(): Promise<void>;
}

export async function startOracle(): Promise<Oracle> {
  const child = spawn(await tool('kyverno-oracle'), [], { env: cleanEnvironment() });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  // A process that has ended closes the pipe: what it printed tells the story.
  child.stdin.on('error', () => {});
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      complaint += String(error);
      resolve();
    });
  });

  async function nextAnswer(): Promise<Answer> {
    const { done, value } = await lines.next();
    if (done !== true) return JSON.parse(value);
    await gone;
    throw new Error(`kyverno-oracle ended: ${complaint.slice(0, 4000)}`);
  }

  return {
    async askAll(questions) {
      child.stdin.write(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
      const answers: Answer[] = [];
      for (const _ of questions) answers.push(await nextAnswer());
      return answers;
    },
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
