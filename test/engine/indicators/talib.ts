/**
 * TA-Lib itself, compiled to WebAssembly: the oracle for indicators.
 *
 * Its functions are called directly. The package's own wrappers read one value past the input and pass one address for
 * both counts, which spoils every function that needs them (STDDEV, BBANDS, STOCH).
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { init } from 'talib-web';

interface Runtime {
  readonly HEAPF64: Float64Array;
  readonly HEAP32: Int32Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
  ccall(name: string, returns: 'number', types: readonly 'number'[], values: readonly number[]): number;
}

/** Computes a function of TA-Lib: its output columns, NaN up to the index at which TA-Lib says that they begin. */
export type TaLib = (
  name: string,
  inputs: readonly Float64Array[],
  options: readonly number[],
  outputs?: number,
) => Float64Array[];

/** It fetches its binary, which from a file Node's fetch cannot: as a data URL it can. */
export async function loadTaLib(): Promise<TaLib> {
  const binary = createRequire(import.meta.url)
    .resolve('talib-web')
    .replace(/[^/]+$/, 'talib.wasm');
  const runtime: Runtime = await init(
    `data:application/wasm;base64,${(await readFile(binary)).toString('base64')}`,
  );
  return (name, inputs, options, outputs = 1) => {
    const length = inputs[0]?.length ?? 0;
    const columns = Array.from({ length: outputs }, () => new Float64Array(length).fill(Number.NaN));
    if (length === 0) return columns;
    const taken: number[] = [];
    const take = (bytes: number) => {
      const address = runtime._malloc(bytes);
      taken.push(address);
      return address;
    };
    const inputAddresses = inputs.map((input) => {
      const address = take(8 * length);
      runtime.HEAPF64.set(input, address / 8);
      return address;
    });
    const begin = take(4);
    const count = take(4);
    const outputAddresses = columns.map(() => take(8 * length));
    const values = [0, length - 1, ...inputAddresses, ...options, begin, count, ...outputAddresses];
    const types = values.map(() => 'number' as const);
    const code = runtime.ccall(`TA_${name}`, 'number', types, values);
    if (code !== 0) throw new Error(`TA-Lib answers ${name} with code ${code}`);
    const first = runtime.HEAP32[begin / 4] ?? 0;
    const found = runtime.HEAP32[count / 4] ?? 0;
    columns.forEach((column, index) => {
      const from = (outputAddresses[index] ?? 0) / 8;
      column.set(runtime.HEAPF64.subarray(from, from + found), first);
    });
    for (const address of taken) runtime._free(address);
    return columns;
  };
}
