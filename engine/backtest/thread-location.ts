/**
 * Where a worker thread is in its code, though it is busy and answers nothing: the inspector can interrupt it.
 * (Chrome DevTools Protocol, domain Runtime; Node's domain NodeWorker reaches it in another thread.)
 *
 * The thread is asked for the stack of an error, and not paused by a debugger: where V8 interrupts a function before its
 * first statement, describing the paused frame fails a check of V8's own (`ScopeIterator::VisitLocalScope`, as of 11.3) that
 * ends the whole process.
 */
import { Session } from 'node:inspector';
import { innermostIn } from './strategy-problem.ts';

const patienceMs = 1000;

/** The whole stack, however deep: the strategy's line is below those of the engine that it called. */
const stackOfThread = `(() => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = Infinity;
  try {
    return new Error().stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
})()`;

interface Evaluated {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** One for the process: to connect and enable the domain anew while threads come and go ends the process now and then. */
let ofProcess: ThreadInspector | undefined;

/** Comes before the first thread is started that may be asked. */
export function watchThreads(): void {
  ofProcess ??= new ThreadInspector();
}

/**
 * The innermost line that the thread is in, of a file in `folder`: `name.ts line 12`. Null when it is in none of them, or
 * cannot be interrupted. It runs on afterwards.
 */
export async function whereIsThread(threadId: number, folder: string): Promise<string | null> {
  const stack = await ofProcess?.stackOf(threadId);
  return typeof stack === 'string' ? innermostIn(folder, stack) : null;
}

class ThreadInspector {
  readonly #session = new Session();
  /** By the title of their thread. */
  readonly #sessions = new Map<string, string>();
  readonly #answers = new Map<number, (stack: unknown) => void>();
  #asked = 0;

  constructor() {
    const session = this.#session;
    session.connect();
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      this.#sessions.set(workerInfo.title, sessionId);
    });
    session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => {
      for (const [title, own] of this.#sessions) if (own === sessionId) this.#sessions.delete(title);
    });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const { id, result } = JSON.parse(params.message) as Evaluated;
      if (id !== undefined) this.#answers.get(id)?.(result?.result?.value);
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  }

  /** Null when it does not answer. */
  stackOf(threadId: number): Promise<unknown> {
    const sessionId = this.#sessions.get(`[worker ${threadId}]`);
    if (sessionId === undefined) return Promise.resolve(null);
    const id = ++this.#asked;
    return new Promise((resolve) => {
      const finish = (stack: unknown) => {
        clearTimeout(patience);
        this.#answers.delete(id);
        resolve(stack);
      };
      const patience = setTimeout(finish, patienceMs, null);
      this.#answers.set(id, finish);
      const request = { id, method: 'Runtime.evaluate', params: { expression: stackOfThread } };
      this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify(request) });
    });
  }
}
