/**
 * The command menu of each user: what their role may use, in their private chat only. Strangers, and groups in which
 * strangers may be, see an empty menu.
 */
import { actionsOf, type Command, mayAct, type Role } from '../../../commands/command.ts';
import { reasonOf } from '../../../engine/errors.ts';
import type { Logger } from '../../../engine/log.ts';
import { ApiError, type TelegramApi } from './api.ts';

export interface MenuEntry {
  readonly command: string;
  readonly description: string;
}

const menuLimit = 100;
const descriptionLimit = 256;

/** One entry a command, whose description names the subcommands, because Telegram has none. */
export function menuFor(role: Role, commands: readonly Command[]): MenuEntry[] {
  return commands.flatMap((command): MenuEntry[] => {
    const usable = actionsOf(command).filter(({ action }) => mayAct(role, action.role));
    if (usable.length === 0) return [];
    const subcommands = usable.flatMap(({ words }) => words.slice(1));
    return [{ command: command.name, description: described(command.description, subcommands) }];
  });
}

/**
 * Writes each menu that differs from what Telegram has.
 * @returns chats that took none, because their users have not opened the bot
 * @throws ApiError when Telegram is away
 */
export async function registerMenus(parts: {
  readonly api: TelegramApi;
  readonly commands: readonly Command[];
  readonly chatsByRole: () => ReadonlyMap<Role, readonly string[]>;
  readonly log: Logger;
  readonly requestMs: number;
  /** The platform stops. */
  readonly signal: AbortSignal;
}): Promise<ReadonlySet<string>> {
  const { api, commands, chatsByRole, log, requestMs, signal } = parts;
  const options = { timeoutMs: requestMs, signal };

  for (const type of ['default', 'all_private_chats', 'all_group_chats'] as const) {
    const there = await api.call('getMyCommands', { scope: { type } }, options);
    if (there.length > 0) await api.call('deleteMyCommands', { scope: { type } }, options);
  }

  const unopened = new Set<string>();
  for (const [role, chats] of chatsByRole()) {
    const menu = menuFor(role, commands);
    if (menu.length > menuLimit) {
      log.warn(
        { role, commands: menu.length },
        'Telegram shows 100 commands in its menu; the others work all the same',
      );
    }
    const shown = menu.slice(0, menuLimit);
    for (const chat of chats) {
      const scope = { type: 'chat' as const, chat_id: chat };
      try {
        const there = await api.call('getMyCommands', { scope }, options);
        if (!isSame(there, shown)) await api.call('setMyCommands', { commands: shown, scope }, options);
      } catch (thrown) {
        if (
          !(thrown instanceof ApiError) ||
          thrown.failure.kind !== 'refused' ||
          thrown.failure.code >= 429
        ) {
          throw thrown;
        }
        unopened.add(chat);
        log.warn(
          { chat, reason: reasonOf(thrown) },
          'Telegram takes no command menu for this user yet: they must press Start in the bot',
        );
      }
    }
  }
  return unopened;
}

/** Takes the menus of chats away whose people were removed. @throws ApiError when Telegram is away */
export async function forgetMenus(parts: {
  readonly api: TelegramApi;
  readonly chats: readonly string[];
  readonly requestMs: number;
}): Promise<void> {
  for (const chat of parts.chats) {
    const scope = { type: 'chat' as const, chat_id: chat };
    try {
      await parts.api.call('deleteMyCommands', { scope }, { timeoutMs: parts.requestMs });
    } catch (thrown) {
      // Who has blocked the bot sees no menu either.
      if (!(thrown instanceof ApiError) || thrown.failure.kind !== 'refused' || thrown.failure.code >= 429)
        throw thrown;
    }
  }
}

/** Subcommands that do not fit are left to `/help`. */
function described(description: string, subcommands: readonly string[]): string {
  for (let count = subcommands.length; count > 0; count--) {
    const more = count < subcommands.length ? ', …' : '';
    const text = `${description} (${subcommands.slice(0, count).join(', ')}${more})`;
    if (text.length <= descriptionLimit) return text;
  }
  return description.length <= descriptionLimit
    ? description
    : `${description.slice(0, descriptionLimit - 1)}…`;
}

function isSame(a: readonly MenuEntry[], b: readonly MenuEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      ({ command, description }, index) =>
        command === b[index]?.command && description === b[index]?.description,
    )
  );
}
