import { UserError } from '../engine/errors.ts';
import { action, defineCommand } from './command.ts';
import { block, type Reply } from './reply.ts';

const usualLines = 20;
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
          max: 20_000,
        },
      },
      run: async ({ host }, { lines = usualLines }) => logReply(await host.log.tail(lines)),
    }),
  },
});

function logReply(lines: readonly string[]): Reply {
  if (lines.length === 0) throw new UserError('There is no log yet, or it cannot be found in its folder.');
  const title = `Log, ${lines.length} ${lines.length === 1 ? 'line' : 'lines'}`;
  if (lines.length <= mostShown) return { title, text: [block(lines.map(shown).join('\n'))] };
  const data = new TextEncoder().encode(`${lines.join('\n')}\n`);
  return { title, attachments: [{ name: 'desk.log', type: 'text/plain', data }] };
}

/** A line of JSON as a person reads it: when, how bad, what, and the rest. */
function shown(line: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return line; // cut off by a crash
  }
  const { time, level, msg, ...rest } = parsed as Record<string, unknown>;
  const fields = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : messageOf(value)}`,
  );
  return [
    String(time).slice(5, 19).replace('T', ' '),
    String(level).toUpperCase(),
    String(msg),
    ...fields,
  ].join(' ');
}

/** Of an error the message: its stack is in the file. */
function messageOf(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) return String(value.message);
  return JSON.stringify(value);
}
