/**
 * What is asked before a command is done: the question with Confirm and Cancel, stored with the command, its files and its
 * secrets (encrypted), until one of them is pressed.
 */
import type { CommandContext } from '../../commands/command.ts';
import type { ParsedValue, RawValue } from '../../commands/options.ts';
import type { Content, RichText } from '../../commands/reply.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Vault } from '../config/vault.ts';
import type { Actions, StoredAction } from './actions.ts';
import type { Agreements } from './agreements.ts';
import { buttonKinds } from './buttons.ts';
import type { Message, MessageButton } from './platform.ts';
import { toRaw } from './spelling.ts';
import type { Uploads } from './uploads.ts';

const lifetimeMs = 5 * 60_000;

export interface ConfirmationParts {
  readonly actions: Actions;
  readonly agreements: Pick<Agreements, 'takesTwo'>;
  readonly uploads: Uploads;
  /** Encrypts the secrets of a command while its confirmation waits. */
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly clock: Clock;
}

export class Confirmations {
  readonly #parts: ConfirmationParts;

  constructor(parts: ConfirmationParts) {
    this.#parts = parts;
  }

  /** The question as a message. Only who asked may press its buttons. */
  async question(
    { caller, times }: Pick<CommandContext, 'caller' | 'times'>,
    words: readonly string[],
    { options, secrets }: { options: Record<string, ParsedValue>; secrets: readonly string[] },
    content: Content,
  ): Promise<Message> {
    const { actions, agreements, clock, uploads, vault } = this.#parts;
    const raw = toRaw(await uploads.keep(options));
    const sealed = secrets.flatMap((name) =>
      Object.hasOwn(raw, name)
        ? [[name, vault.seal(String(raw[name]), sealedFor(words, name))] as const]
        : [],
    );
    const id = await actions.place({
      command: words,
      options: { ...raw, ...Object.fromEntries(sealed) },
      sealed: sealed.map(([name]) => name),
      confirmed: true,
      only: caller.name,
      lifetimeMs,
    });
    const until = times.clock(clock.now().getTime() + lifetimeMs);
    const two = agreements.takesTwo(words) ? '\nTwo people must confirm it.' : '';
    const text: RichText = [...(content.text ?? []), `${two}\nConfirm until ${until}.`];
    const buttons: MessageButton[] = [
      { id: buttonKinds.confirm + id, label: 'Confirm', style: 'danger' },
      { id: buttonKinds.decline + id, label: 'Cancel', style: 'secondary' },
    ];
    return { tone: 'warning', ...content, text, buttons };
  }

  /** The options of a stored action, its secrets in the clear. */
  optionsOf({ command, options, sealed = [] }: StoredAction): Record<string, RawValue> {
    const unsealed = sealed.map((name) => [
      name,
      this.#parts.vault.open(String(options[name]), sealedFor(command, name)),
    ]);
    return { ...options, ...Object.fromEntries(unsealed) };
  }
}

/** What a sealed option is sealed for: it cannot be used in another command. */
function sealedFor(words: readonly string[], name: string): string {
  return `/${words.join(' ')} ${name}`;
}
