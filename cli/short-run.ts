import { setFlagsFromString } from 'node:v8';

/**
 * For a command that ends after a few requests: until it is disposed of, V8 compiles WebAssembly (undici's HTTP parser) once, and not
 * a second time with optimisations. Node would wait for the end of that, which takes longer than all requests together. To be called
 * when what is needed has been loaded: Node's own modules carry compiled code that holds for V8's default settings alone, and so does
 * the code that bin/compiled.js keeps. Only in a V8 that is known to have the settings; elsewhere nothing changes.
 */
export function shortRun(): Disposable {
  const known = process.versions.v8.startsWith('13.');
  if (known) setFlagsFromString('--no-wasm-tier-up --no-wasm-dynamic-tiering');
  return {
    [Symbol.dispose]() {
      if (known) setFlagsFromString('--wasm-tier-up --wasm-dynamic-tiering');
    },
  };
}
