import { type ChildProcess, spawn } from 'node:child_process';
import { startRuntimeApi } from './runtime-api.ts';

export interface RunningFunction {
  /** Milliseconds from its process's start until it asked for its first event. */
  readonly init: number;
  invoke(event: unknown): Promise<unknown>;
  /** What it has printed. */
  output(): string;
  stop(): Promise<void>;
}

export interface FunctionOptions {
  /** The Runtime Interface Client's entry point. */
  readonly client: string;
  /** Where the zip lies, unpacked. */
  readonly root: string;
  /** `dist/admission/index.handler`. */
  readonly handler: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a function as Lambda does: Node, AWS's Runtime Interface Client, and the Runtime API. Rejects with what it says where it fails. */
export async function startFunction(options: FunctionOptions): Promise<RunningFunction> {
  const api = await startRuntimeApi();
  let output = '';
  const began = performance.now();
  const child = spawn(process.execPath, [options.client], {
    cwd: options.root,
    env: { ...lambdaEnvironment(options, api.address), ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await api.close();
  };
  try {
    await Promise.race([api.started, ended.then(() => Promise.reject(new Error('the function ended')))]);
  } catch (thrown) {
    await stop();
    throw new Error(`the function did not start: ${String(thrown)}\n${output}`);
  }
  const init = performance.now() - began;
  return { init, invoke: (event) => answered(api.invoke(event), child), output: () => output, stop };
}

/** A function that dies answers nothing. */
function answered(answer: Promise<unknown>, child: ChildProcess): Promise<unknown> {
  const died = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`the function ended with ${code}`)));
  });
  return Promise.race([answer, died]);
}

/** What Lambda sets, and nothing of the user's. */
function lambdaEnvironment({ root, handler }: FunctionOptions, address: string): Record<string, string> {
  return {
    PATH: '/usr/bin:/bin',
    AWS_LAMBDA_RUNTIME_API: address,
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: root,
    AWS_LAMBDA_FUNCTION_NAME: 'admission',
    AWS_LAMBDA_FUNCTION_VERSION: '1',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/admission',
    AWS_LAMBDA_LOG_STREAM_NAME: 'test',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
  };
}
