/** Whoever deletes types the name twice, so that no other thing of the desk is deleted by mistake. */
import { UserError } from '../engine/errors.ts';
import type { StringOption } from './command.ts';

export const againOption = {
  type: 'string',
  description: 'Its name once more, so that no other is deleted by mistake',
  required: true,
} as const satisfies StringOption;

/** @throws UserError when the name was typed differently the second time */
export function mustBeSame(name: string, again: string): void {
  if (again !== name) {
    throw new UserError(`Nothing was deleted: "${again}" is not "${name}". Type the name twice.`);
  }
}
