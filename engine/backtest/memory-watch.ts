/**
 * Whether a worker takes too much memory. V8 limits a thread's heap, but not the buffers outside of it
 * (`new Float64Array(1e9)`): only the process's own size shows them.
 */

const mb = 1024 * 1024;
/** What a thread takes before it runs any strategy: the runtime, tsx, the engine. */
const ownMb = 60;

/** Watches that run now: the growth of the process cannot be told apart between them. */
let running = 0;

export class MemoryWatch {
  readonly #limitMb: number;
  readonly #before = process.memoryUsage.rss();

  constructor(limitMb: number) {
    this.#limitMb = limitMb;
    running++;
  }

  /** The process has grown by more than all threads that run now may take together. */
  isBeyond(): boolean {
    const grownMb = (process.memoryUsage.rss() - this.#before) / mb;
    return grownMb > (this.#limitMb + ownMb) * running;
  }

  stop(): void {
    running--;
  }
}
