/** The command menu: everybody sees what they may use, and a stranger sees nothing. */
import { expect, test, vi } from 'vitest';
import { menuFor } from '../../../../bot/chat/telegram/registration.ts';
import { action, type Command, defineCommand, type Role } from '../../../../commands/command.ts';
import { startTelegram } from '../../../support/telegram/index.ts';
import { openDesk } from './desk.ts';

const doing = (role: Role) =>
  action({ description: 'does it', role, options: {}, run: async () => ({ text: ['done'] }) });
const commands: readonly Command[] = [
  defineCommand({
    name: 'status',
    description: 'How the desk is',
    group: 'Overview',
    body: { action: doing('viewer') },
  }),
  defineCommand({
    name: 'book',
    description: 'Books of capital',
    group: 'Books',
    body: { subcommands: { list: doing('viewer'), show: doing('viewer'), suspend: doing('trader') } },
  }),
  defineCommand({
    name: 'terminate',
    description: 'Stop the desk',
    group: 'Running',
    body: { action: doing('admin') },
  }),
];

test('each role sees its commands, with the subcommands that it may use', () => {
  expect(menuFor('viewer', commands)).toEqual([
    { command: 'status', description: 'How the desk is' },
    { command: 'book', description: 'Books of capital (list, show)' },
  ]);
  expect(menuFor('admin', commands).map(({ description }) => description)).toEqual([
    'How the desk is',
    'Books of capital (list, show, suspend)',
    'Stop the desk',
  ]);
});

test('descriptions stay within what Telegram takes, however many subcommands there are', () => {
  const subcommands = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`subcommand_${index}`, doing('viewer')]),
  );
  const many = defineCommand({
    name: 'many',
    description: 'd'.repeat(100),
    group: 'Books',
    body: { subcommands },
  });
  const [entry] = menuFor('viewer', [many]);
  expect(entry?.description.length).toBeLessThanOrEqual(256);
  expect(entry?.description).toMatch(/\(subcommand_0, .*, …\)$/);
});

test('everybody gets the menu of their role in their private chat, and strangers an empty one', async () => {
  const chats = new Map<Role, string[]>();
  await using telegram = await startTelegram();
  const anna = telegram.user('Anna');
  const ben = telegram.user('Ben');
  const shy = telegram.user('Shy', { opened: false });
  const eve = telegram.user('Eve');
  telegram.setMenu('default', [{ command: 'start', description: 'left by another program' }]);
  chats.set('admin', [anna.id]);
  chats.set('viewer', [shy.id, ben.id]);
  await using desk = await openDesk({
    commands,
    chatsByRole: () => chats,
    token: telegram.token,
    apiRoot: telegram.apiRoot,
  });
  await telegram.until(() => ben.menu.length === 2, 'the menu of a viewer');
  expect(anna.menu.map(({ command }) => command)).toEqual(['status', 'book', 'terminate']);
  expect(eve.menu).toEqual([]);
  await vi.waitUntil(() => desk.log.some((line) => line.includes('press Start') && line.includes(shy.id)));
});

test('a menu that is there already is not written again', async () => {
  await using telegram = await startTelegram();
  const anna = telegram.user('Anna');
  const ben = telegram.user('Ben');
  const options = {
    commands,
    chatsByRole: () => new Map([['trader' as const, [anna.id, ben.id]]]),
    token: telegram.token,
    apiRoot: telegram.apiRoot,
  };
  {
    await using first = await openDesk(options);
    await first.becomes('ready');
    await telegram.until(() => ben.menu.length === 2, 'the menus');
  }
  const asked = () => telegram.calls.filter((method) => method === 'getMyCommands').length;
  const before = asked();
  await using _second = await openDesk(options);
  // Three scopes and two users: when the last is asked for, the first has been dealt with.
  await telegram.until(() => asked() === before + 5, 'the comparison');
  expect(telegram.calls.filter((method) => method === 'setMyCommands')).toHaveLength(2);
});

test('menus that Telegram did not take are written when it is back', async () => {
  const chats = new Map<Role, string[]>();
  await using telegram = await startTelegram();
  const anna = telegram.user('Anna');
  chats.set('admin', [anna.id]);
  telegram.fails('getMyCommands', 502);
  await using _desk = await openDesk({
    commands,
    chatsByRole: () => chats,
    token: telegram.token,
    apiRoot: telegram.apiRoot,
  });
  await telegram.until(() => anna.menu.length === 3, 'the menu');
});

test('a menu follows at once when somebody is let in, gets another role, or is removed', async () => {
  const chats = new Map<Role, string[]>();
  await using telegram = await startTelegram();
  const anna = telegram.user('Anna');
  let changed: () => void = () => undefined;
  await using desk = await openDesk({
    commands,
    chatsByRole: () => chats,
    onPeopleChanged: (listener) => {
      changed = listener;
    },
    token: telegram.token,
    apiRoot: telegram.apiRoot,
  });
  await desk.becomes('ready');
  chats.set('viewer', [anna.id]);
  changed();
  await telegram.until(() => anna.menu.length > 0, 'the menu of a viewer');
  const viewers = anna.menu.length;
  chats.clear();
  chats.set('admin', [anna.id]);
  changed();
  await telegram.until(() => anna.menu.length > viewers, 'the menu of an admin');
  chats.clear();
  changed();
  await telegram.until(() => anna.menu.length === 0, 'no menu any more');
});
