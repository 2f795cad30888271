import { UserError } from '../engine/errors.ts';
import { action, defineCommand } from './command.ts';
import { block, type Reply } from './reply.ts';
import type { Times } from './times.ts';

const usualLines = 20;
const mostLines = 20_000;
/** More than these are a file. */
const mostShown = 40;

export const log = defineCommand({
  name: 'log',
  description: 'The last lines of the log; secrets are not in it',
  group: 'Running',
  body: {
    action: action({
      description: 'The last lines of the log; secrets are not in it',
      role: 'admin',
      visibility: 'only-you',
      example: '/log 200',
      options: {
        lines: {
          type: 'integer',
          description: `How many; ${usualLines} where not given, more than ${mostShown} come as a file`,
          min: 1,
          max: mostLines,
        },
        file: {
          type: 'boolean',
          description: `As a file with every field, also when it is short; of the last ${mostLines} where no number is given`,
        },
      },
      run: async ({ host, times }, { file = false, lines = file ? mostLines : usualLines }) =>
        logReply(await host.log.tail(lines), { asFile: file || lines > mostShown, times }),
    }),
  },
});

function logReply(
  lines: readonly string[],
  { asFile, times }: { readonly asFile: boolean; readonly times: Times },
): Reply {
  if (lines.length === 0) throw new UserError('There is no log yet, or it cannot be found in its folder.');
  const title = `Log, ${lines.length} ${lines.length === 1 ? 'line' : 'lines'}`;
  if (!asFile) {
    const text = lines.map((line) => shown(line, times)).join('\n');
    return { title: times.head(title), text: [block(text)] };
  }
  const data = new TextEncoder().encode(`${lines.join('\n')}\n`);
  return { title, attachments: [{ name: 'desk.log', type: 'text/plain', data }] };
}

/** A line of JSON as a person reads it: when, how bad, what, and the rest. */
function shown(line: string, times: Times): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return line; // cut off by a crash
  }
  const { time, level, msg, ...rest } = parsed as Record<string, unknown>;
  if (typeof time !== 'string' || Number.isNaN(Date.parse(time))) return line;
  const fields = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : messageOf(value)}`,
  );
  return [times.exactCell(time).slice(5), String(level).toUpperCase(), String(msg), ...fields].join(' ');
}

/** Of an error the message: its stack is in the file. */
function messageOf(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) return String(value.message);
  return JSON.stringify(value);
}
