/** The scripts on Telegram, through the real telegraf. */
import { toneMark } from '../../../bot/chat/layout.ts';
import type { Tone } from '../../../commands/reply.ts';
import {
  type SeenMessage,
  startTelegram,
  type TestTelegram,
  type TestUser,
} from '../../support/telegram/index.ts';
import type { Person } from '../scripts/script.ts';
import {
  AheadClock,
  type Floor,
  floorFolder,
  type PersonName,
  roleOf,
  type Sight,
  seen,
  wordsOf,
} from './floor.ts';
import { type Besides, openSetting } from './setting.ts';

export interface TelegramFloor extends Floor {
  readonly telegram: TestTelegram;
  user(name: PersonName): TestUser;
}

/** A whole table in minutes is more than Telegram takes from one bot, so here it takes it. */
const unhurried = {
  chat: { count: 10_000, ms: 1 },
  group: { count: 10_000, ms: 1 },
  groupEdits: { count: 10_000, ms: 1 },
  all: { count: 10_000, ms: 1 },
};

export async function telegramFloor(besides: Besides = {}): Promise<TelegramFloor> {
  const { folder, remove } = await floorFolder();
  const clock = new AheadClock();
  const telegram = await startTelegram({ clock, limited: false });
  const users = { ann: telegram.user('ann'), tom: telegram.user('tom'), vera: telegram.user('vera') };
  const names = Object.keys(roleOf) as PersonName[];
  const desk = await openSetting(
    folder,
    {
      ...besides,
      users: names.map((name) => ({ name, role: roleOf[name], telegram: users[name].id })),
      platforms: { telegram: { token: telegram.token } },
    },
    { clock, endpoints: { telegramApi: telegram.apiRoot, telegramPace: unhurried } },
  );
  const typed = new Set<string>();
  const personOf = (name: PersonName): Person => {
    const user = users[name];
    const changedSince = (before: ReadonlyMap<number, number>) => () =>
      sightsOf(user.chat.messages.filter(({ id, versions }) => versions.length > (before.get(id) ?? 0)));
    const now = () => new Map(user.chat.messages.map(({ id, versions }) => [id, versions.length]));
    return {
      name,
      async types(line, expected = {}, file) {
        typed.add(wordsOf(line));
        const before = now();
        if (file) user.sendsFile(file, { caption: line });
        else user.says(line);
        return seen(changedSince(before), expected, `${name}: ${line}`);
      },
      async presses(label, expected = {}) {
        const before = now();
        user.presses(label);
        return seen(changedSince(before), expected, `${name} pressing ${label}`);
      },
      async pressesTwice(label, expected = {}) {
        const before = now();
        user.presses(label);
        user.presses(label);
        return seen(changedSince(before), expected, `${name} pressing ${label} twice`);
      },
    };
  };
  return {
    desk,
    telegram,
    user: (name) => users[name],
    people: { ann: personOf('ann'), tom: personOf('tom'), vera: personOf('vera') },
    typed,
    clock,
    // Whether somebody has pressed Start shows only in whether Telegram takes a menu for them.
    refusals: () => telegram.refusals.filter((each) => !/MyCommands: .*chat not found/.test(each)),
    async close() {
      await desk.stop();
      await telegram.close();
      await remove();
    },
  };
}

/** Each message that came or changed, with the files of all of them: an album is several. */
function sightsOf(messages: readonly SeenMessage[]): Sight[] {
  const files = messages.flatMap(({ file }) => (file ? [file] : []));
  const isOverflow = ({ name }: { readonly name: string }) => /^(message\.txt|table\.csv)$/.test(name);
  const overflow = files.filter(isOverflow).map(({ data }) => new TextDecoder().decode(data));
  const answered = files
    .filter((file) => !isOverflow(file))
    .map(({ name, data, kind }) => ({ name, data, shownAs: kind === 'photo' ? 'picture' : 'file' }) as const);
  return messages.map((message): Sight => {
    const text = [message.text, ...overflow].join('\n');
    return {
      text,
      files: answered,
      buttons: message.buttons.flat(),
      tone: toneOf(message.text),
      hasField: (name, value) =>
        text
          .split('\n')
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .some((found) => (typeof value === 'string' ? found === value : value.test(found))),
    };
  });
}

function toneOf(text: string): Tone {
  const tones = Object.keys(toneMark) as Tone[];
  return tones.find((tone) => text.startsWith(toneMark[tone])) ?? 'info';
}
