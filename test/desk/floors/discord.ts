/** The scripts on Discord, through the real discord.js. */
import { toneMark } from '../../../bot/chat/layout.ts';
import type { Option } from '../../../commands/command.ts';
import { commands } from '../../../commands/index.ts';
import { resolveCommand } from '../../../commands/options.ts';
import type { Tone } from '../../../commands/reply.ts';
import { parseTyped } from '../../../commands/typed.ts';
import { shownWords } from '../../bot/chat/discord/reading.ts';
import {
  type Exchange,
  type FakeDiscord,
  type FakeUser,
  fakeDiscord,
  type SeenMessage,
} from '../../support/discord/index.ts';
import type { OptionInput } from '../../support/discord/people.ts';
import type { Person, SentFile } from '../scripts/script.ts';
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

export interface DiscordFloor extends Floor {
  readonly discord: FakeDiscord;
  user(name: PersonName): FakeUser;
}

export async function discordFloor(besides: Besides = {}): Promise<DiscordFloor> {
  const { folder, remove } = await floorFolder();
  const clock = new AheadClock();
  const discord = await fakeDiscord({ clock });
  const names = Object.keys(roleOf) as PersonName[];
  const desk = await openSetting(
    folder,
    {
      ...besides,
      users: names.map((name) => ({ name, role: roleOf[name], discord: discord.user(name).id })),
      platforms: {
        discord: {
          token: discord.token,
          guild: discord.guild,
          channels: [discord.channel('desk').id],
          notify: [discord.channel('alerts').id],
        },
      },
    },
    { clock, endpoints: { discordApi: discord.rest.api } },
  );
  const typed = new Set<string>();
  const exchanges: Exchange[] = [];
  const personOf = (name: PersonName): Person => {
    const user = discord.user(name);
    const answerTo = (exchange: Exchange) => {
      exchanges.push(exchange);
      return () => sightsOf(exchange, name);
    };
    const withButton = (label: string): SeenMessage => {
      const places = [user.sees(), user.sees(discord.channel('alerts')), user.sees(user.directChannel)];
      const message = places
        .flat()
        .sort((one, other) => Number(BigInt(one.id) - BigInt(other.id)))
        .findLast(({ buttons }) => buttons.some((button) => button.label === label));
      if (!message) throw new Error(`${name} sees no button ${label}`);
      return message;
    };
    return {
      name,
      async types(line, expected = {}, file) {
        typed.add(wordsOf(line));
        const { words, options } = structured(line, file);
        return seen(answerTo(await user.slash(words, options)), expected, line);
      },
      async presses(label, expected = {}) {
        return seen(
          answerTo(await user.press(withButton(label), label)),
          expected,
          `${name} pressing ${label}`,
        );
      },
      async pressesTwice(label, expected = {}) {
        const message = withButton(label);
        const [, second] = await Promise.all([user.press(message, label), user.press(message, label)]);
        return seen(answerTo(second), expected, `${name} pressing ${label} twice`);
      },
    };
  };
  return {
    desk,
    discord,
    user: (name) => discord.user(name),
    people: { ann: personOf('ann'), tom: personOf('tom'), vera: personOf('vera') },
    typed,
    clock,
    refusals: () => discord.refusals.map(({ request, message }) => `${request}: ${message}`),
    async close() {
      await desk.stop();
      await discord.close();
      await remove();
    },
  };
}

function sightsOf(exchange: Exchange, asker: string): Sight[] {
  const { answer, followUps } = exchange;
  if (!answer || answer.thinking) return [];
  const parts = [answer, ...followUps];
  const files = parts.flatMap((part) =>
    part.files.map(
      (file) => ({ ...file, shownAs: part.pictures.includes(file.name) ? 'picture' : 'file' }) as const,
    ),
  );
  const isOverflow = ({ name }: { readonly name: string }) =>
    /^(message|table)(-\d+)?\.(txt|csv)$/.test(name);
  const overflow = files.filter(isOverflow).map(({ text }) => text);
  const fields = answer.fields.map(({ name, value }) => ({
    name: shownWords(name),
    value: shownWords(value),
  }));
  const text = [
    shownWords(answer.title),
    shownWords(answer.text),
    ...fields.map(({ name, value }) => `${name}: ${value}`),
    ...overflow,
  ].join('\n');
  return [
    {
      text,
      files: files.filter((file) => !isOverflow(file)),
      buttons: parts.flatMap(({ buttons }) => buttons.map(({ label }) => label)),
      tone: toneOf(answer),
      forMeAlone: answer.onlyFor === asker,
      hasField: (name, value) =>
        fields.some(
          (field) =>
            field.name === name &&
            (typeof value === 'string' ? field.value === value : value.test(field.value)),
        ),
    },
  ];
}

function toneOf({ title, text }: SeenMessage): Tone {
  const begin = title === '' ? text : title;
  const tones = Object.keys(toneMark) as Tone[];
  return tones.find((tone) => begin.startsWith(toneMark[tone])) ?? 'info';
}

/** A typed line as Discord's fields, which know no positions. */
function structured(line: string, file: SentFile | undefined): { words: string; options: OptionInput } {
  const { positional, named } = parseTyped(line);
  const { words, action, rest } = resolveCommand(positional, commands);
  const names = Object.keys(action.options);
  const text: Record<string, string> = {};
  const pairs: string[] = [];
  const open = names.filter((name) => !(name in named) && action.options[name]?.type !== 'file');
  rest.forEach((word, index) => {
    const name = open[Math.min(index, open.length - 1)] ?? '';
    text[name] = name in text ? `${text[name]} ${word}` : word;
  });
  for (const [name, value] of Object.entries(named)) {
    if (names.includes(name)) text[name] = value;
    else pairs.push(`${name}=${value}`);
  }
  const options: Record<string, OptionInput[string]> = {};
  for (const [name, option] of Object.entries(action.options)) {
    if (option.type === 'pairs' && pairs.length > 0) options[name] = pairs.join(' ');
    else if (option.type === 'file' && file) options[name] = file;
    else if (text[name] !== undefined) options[name] = chosen(option, text[name]);
  }
  return { words: words.join(' '), options };
}

function chosen({ type }: Option, text: string): string | number | boolean {
  if (type === 'number' || type === 'integer') return Number(text);
  if (type === 'boolean') return text === 'yes';
  return text;
}
