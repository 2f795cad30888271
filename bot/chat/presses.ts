/**
 * What pressing a stored button does: a confirmed command is performed, a declined one is not, and a button of a reply begins
 * its command.
 */
import type { Command } from '../../commands/command.ts';
import { isComplete, type Resolved, resolveCommand } from '../../commands/options.ts';
import type { Clock } from '../../engine/clock.ts';
import { UserError } from '../../engine/errors.ts';
import type { Actions, StoredAction } from './actions.ts';
import type { Agreements } from './agreements.ts';
import { buttonKinds } from './buttons.ts';
import type { Confirmations } from './confirmations.ts';
import type { Performance } from './performance.ts';
import { mustBeAllowed } from './permission.ts';
import { optionsOf } from './reading.ts';
import { type ChatRequest, newName } from './request.ts';
import { spell, without } from './spelling.ts';
import type { WizardQuestions } from './wizard-questions.ts';

export interface PressesParts {
  readonly commands: readonly Command[];
  readonly actions: Actions;
  readonly agreements: Agreements;
  readonly clock: Clock;
}

export class Presses {
  readonly #parts: PressesParts;
  readonly #performance: Performance;
  readonly #questions: WizardQuestions;
  readonly #confirmations: Confirmations;

  constructor(
    parts: PressesParts,
    ways: { performance: Performance; questions: WizardQuestions; confirmations: Confirmations },
  ) {
    this.#parts = parts;
    this.#performance = ways.performance;
    this.#questions = ways.questions;
    this.#confirmations = ways.confirmations;
  }

  /** @throws UserError when the button was pressed before, is too old, or is not for this person */
  async press(request: ChatRequest, kind: string, id: string): Promise<void> {
    const { actions, clock, commands } = this.#parts;
    // Before the action is taken: who may not press, or pressed long ago, does not use it up for the others.
    const known = await actions.get(id);
    if (known) {
      request.asked = spellAction(known);
      const resolved = resolveCommand(known.command, commands);
      mustBeAllowed(request, resolved, clock);
      if (isHarmless(known, resolved)) return this.#again(request, id);
    }
    const outcome = kind === buttonKinds.decline ? 'cancelled' : 'used';
    const taken = await actions.take(id, request.caller.name, outcome);
    if ('refusal' in taken) throw new UserError(taken.refusal);
    if (outcome === 'cancelled') return this.#decline(request, taken.action);
    await this.#use(request, taken.action, id);
  }

  async #again(request: ChatRequest, id: string): Promise<void> {
    const found = await this.#parts.actions.look(id, request.caller.name);
    if ('refusal' in found) throw new UserError(found.refusal);
    await this.#use(request, found.action, newName());
  }

  async #decline(request: ChatRequest, action: StoredAction): Promise<void> {
    const { agreements } = this.#parts;
    const asked = spellAction(action);
    await request.audit(asked, 'cancelled', null);
    const { command, options } = action;
    const other = agreements.takesTwo(command) ? await agreements.refuse(command, options) : undefined;
    if (other !== undefined) {
      const text = `Refused by ${request.caller.name}, though ${other} had confirmed it: ${asked} was not done.`;
      return request.show({ tone: 'warning', text: [text] }, 'in-place');
    }
    await request.show({ text: [`Cancelled: ${asked} was not done.`] }, 'in-place');
  }

  /** @param name what names this request: a confirmation that is pressed twice has one name */
  async #use(request: ChatRequest, stored: StoredAction, name: string): Promise<void> {
    const { words, action } = resolveCommand(stored.command, this.#parts.commands);
    const options = optionsOf({ words, action }, this.#confirmations.optionsOf(stored));
    if (action.wizard && !isComplete(action, options)) {
      return this.#questions.begin(request, { words, action }, options);
    }
    const { confirmed } = stored;
    await this.#performance.perform(
      request,
      { words, action },
      options,
      confirmed ? { confirmed, placement: 'in-place', name } : { name },
    );
  }
}

/** Pressed again it only shows something again, or asks again. */
function isHarmless({ confirmed }: StoredAction, { action }: Resolved): boolean {
  return !confirmed && (!action.acts || action.confirm !== undefined);
}

/** As it is told to people: without its secrets. */
function spellAction({ command, options, sealed = [] }: StoredAction): string {
  return spell(command, without(options, sealed));
}
