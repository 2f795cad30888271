/** Who may do what, tried with every command that there is. */
import { it } from 'vitest';
import { type Action, actionsOf, mayAct, type Role } from '../../../commands/command.ts';
import { commands } from '../../../commands/index.ts';
import { type Floor, roleOf } from '../floors/floor.ts';
import type { SentFile } from './script.ts';

const file: SentFile = { name: 'any.csv', data: 'date,close\n' };

/** Each person types every command that needs a higher role than theirs. */
export function refusesLowerRoles(floor: () => Floor): void {
  it.each(['vera', 'tom'] as const)('is refused to %s where the role is too low', async (name) => {
    const role: Role = roleOf[name];
    for (const { words, action } of commands.flatMap(actionsOf)) {
      if (mayAct(role, action.role)) continue;
      const line = action.example ?? `/${words.join(' ')}`;
      const refused = `/${words.join(' ')} needs the role ${action.role}; yours is ${role}.`;
      await floor().people[name].types(line, { shows: [refused], tone: 'danger' }, fileFor(action));
    }
  }, 120_000);
}

function fileFor({ options }: Action): SentFile | undefined {
  return Object.values(options).some(({ type }) => type === 'file') ? file : undefined;
}
