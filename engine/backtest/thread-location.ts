/**
 * Where a worker thread is in its code, though it is busy and answers nothing: the inspector can interrupt it.
 * (Chrome DevTools Protocol, domain Debugger; Node's domain NodeWorker reaches it in another thread.)
 */
import { Session } from 'node:inspector';
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const patienceMs = 1000;
/** Number of the last request of a conversation. */
const letGo = 3;

interface DebuggerMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly scriptId?: string;
    readonly url?: string;
    readonly sourceMapURL?: string;
    readonly callFrames?: readonly {
      readonly location: {
        readonly scriptId: string;
        readonly lineNumber: number;
        readonly columnNumber?: number;
      };
    }[];
  };
}

interface Script {
  readonly url: string;
  readonly sourceMapUrl: string;
}

/**
 * The innermost line that the thread is in, of a file in `folder`: `name.ts line 12`. Null when it is in none of them, or
 * cannot be interrupted. It runs on afterwards.
 */
export function whereIsThread(threadId: number, folder: string): Promise<string | null> {
  const session = new Session();
  const scripts = new Map<string, Script>();
  return new Promise((resolve) => {
    let target = '';
    let found: string | null = null;
    const send = (id: number, method: string) =>
      session.post('NodeWorker.sendMessageToWorker', {
        sessionId: target,
        message: JSON.stringify({ id, method }),
      });
    const finish = (location: string | null) => {
      clearTimeout(patience);
      session.disconnect();
      resolve(location);
    };
    const patience = setTimeout(finish, patienceMs, null);
    session.connect();
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      if (workerInfo.title !== `[worker ${threadId}]`) return;
      target = sessionId;
      send(1, 'Debugger.enable');
      send(2, 'Debugger.pause');
    });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const { id, method, params: event = {} } = JSON.parse(params.message) as DebuggerMessage;
      if (method === 'Debugger.scriptParsed' && event.scriptId !== undefined) {
        scripts.set(event.scriptId, { url: event.url ?? '', sourceMapUrl: event.sourceMapURL ?? '' });
      } else if (method === 'Debugger.paused') {
        found = innermostIn(folder, event, scripts);
        // A thread that is still paused when the session ends could not be ended any more.
        send(letGo, 'Debugger.disable');
      } else if (id === letGo) {
        finish(found);
      }
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  });
}

function innermostIn(
  folder: string,
  { callFrames = [] }: NonNullable<DebuggerMessage['params']>,
  scripts: ReadonlyMap<string, Script>,
): string | null {
  for (const { location } of callFrames) {
    const script = scripts.get(location.scriptId);
    if (!script?.url.startsWith('file:')) continue;
    const place = originalPlace(script, location.lineNumber, location.columnNumber ?? 0);
    const inside = path.relative(folder, place.file);
    if (inside.startsWith('..')) continue;
    return `${inside} line ${place.line}`;
  }
  return null;
}

/**
 * File and line (from 1) as they were written. What runs was compiled, with the map to its source inside; a map of several
 * sources is that of a bundle, whose own file nobody knows.
 */
function originalPlace({ url, sourceMapUrl }: Script, line: number, column: number) {
  const [plain = ''] = url.split('?');
  const file = fileURLToPath(plain);
  const prefix = 'data:application/json;base64,';
  if (!sourceMapUrl.startsWith(prefix)) return { file, line: line + 1 };
  const json = Buffer.from(sourceMapUrl.slice(prefix.length), 'base64').toString('utf8');
  const map = JSON.parse(json) as SourceMapPayload;
  const entry = new SourceMap(map).findEntry(line, column);
  if (!('originalLine' in entry)) return { file, line: line + 1 };
  const isBundle = map.sources.length > 1;
  return {
    file: isBundle ? path.resolve(path.dirname(file), entry.originalSource) : file,
    line: entry.originalLine + 1,
  };
}
