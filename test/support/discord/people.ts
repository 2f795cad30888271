/** People in the chat: they type commands, press buttons and read answers, within what Discord's own client lets them. */
import type { SeenMessage } from './seen.ts';
import { seen } from './seen.ts';
import type { CommandOption, ModalBody } from './shapes.ts';
import { wireInteraction } from './wire.ts';
import type { Channel, Person, RegisteredCommand, StoredInteraction, StoredMessage, World } from './world.ts';
import { attachmentSizeLimit } from './world.ts';

/** A file that is sent along. `text/plain` where no type is said. */
export interface Attached {
  readonly name: string;
  readonly data: string | Uint8Array;
  readonly type?: string;
}

export type OptionInput = Readonly<Record<string, string | number | boolean | Attached>>;

/** What people need of the stand-in around them. */
export interface Surroundings {
  readonly world: World;
  /** Sends an event to the bot. */
  dispatch(type: string, data: object): void;
  /** Resolves when `look` finds something. */
  until<T>(look: () => T | undefined | false, what: string): Promise<T>;
  /** Where attachments are kept. */
  cdn(): string;
}

/** A command or press with its answer. */
export class Exchange {
  readonly #interaction: StoredInteraction;
  readonly #around: Surroundings;

  constructor(interaction: StoredInteraction, around: Surroundings) {
    this.#interaction = interaction;
    this.#around = around;
  }

  /** What a bot's requests name it by. */
  get key(): { readonly id: string; readonly token: string } {
    const { id, token } = this.#interaction;
    return { id, token };
  }

  /** Discord was told in time that work has begun. */
  get acknowledged(): boolean {
    return this.#interaction.acknowledged;
  }

  /** The answer as it stands; `undefined` before there is one. For a press in place: the message with the button. */
  get answer(): SeenMessage | undefined {
    return this.#interaction.original && seen(this.#interaction.original);
  }

  /** The form that opened in place of an answer. */
  form(): Promise<ModalBody> {
    return this.#around.until(() => this.#interaction.modal, 'a form');
  }

  /** The message from which it was asked, if it was a press. */
  get pressed(): StoredMessage | undefined {
    return this.#interaction.pressed;
  }

  /** Every version that the answer had, oldest first. */
  get history(): SeenMessage[] {
    const { original } = this.#interaction;
    return original ? original.versions.map((version) => seen(original, version)) : [];
  }

  /** Further messages of the answer that were not deleted. */
  get followUps(): SeenMessage[] {
    return this.#interaction.followUps.filter(({ deleted }) => !deleted).map((message) => seen(message));
  }

  /** The answer, once something is shown in it that `look` accepts. */
  until(look: (answer: SeenMessage) => boolean, what = 'the expected answer'): Promise<SeenMessage> {
    const found = () => {
      const answer = this.answer;
      return answer && !answer.thinking && look(answer) ? answer : undefined;
    };
    return this.#around.until(found, what);
  }

  /** The first thing that is shown. */
  shown(): Promise<SeenMessage> {
    return this.until(() => true, 'an answer');
  }

  /** From now on Discord refuses the interaction's token, as it does after 15 minutes. */
  expire(): void {
    this.#interaction.expired = true;
  }
}

export class FakeUser {
  readonly #person: Person;
  readonly #around: Surroundings;
  readonly #defaultChannel: Channel;

  constructor(person: Person, around: Surroundings, defaultChannel: Channel) {
    this.#person = person;
    this.#around = around;
    this.#defaultChannel = defaultChannel;
  }

  get id(): string {
    return this.#person.id;
  }

  /** Where the bot and this user speak alone. */
  get directChannel(): Channel {
    return this.#around.world.directChannel(this.#person.id);
  }

  /** Discord then refuses direct messages of the bot. */
  blockDirectMessages(): void {
    this.#person.takesDirectMessages = false;
  }

  /** Everything that this user sees in a channel, oldest first. */
  sees(channel: Channel = this.#defaultChannel): SeenMessage[] {
    return messagesIn(this.#around.world, channel)
      .filter(({ onlyFor }) => onlyFor === undefined || onlyFor === this.#person)
      .map((message) => seen(message));
  }

  /**
   * Types a command: `slash('plan run', { plan: 'demo' })`. Waits until the command is registered.
   * @throws when Discord's client would not let it be sent: an option that does not exist, is missing or out of range
   */
  async slash(words: string, options: OptionInput = {}, place: { in?: Channel } = {}): Promise<Exchange> {
    const channel = place.in ?? this.#defaultChannel;
    const { command, path, known } = await this.#find(words, channel);
    for (const { name, required } of known) {
      if (required && !(name in options))
        throw new Error(`Discord does not send /${words}: ${name} is missing`);
    }
    const attachments: Record<string, object> = {};
    const given = Object.entries(options).map(([name, value]) => {
      if (typeof value !== 'object') return givenOption(words, known, name, value);
      const option = known.find((each) => each.name === name);
      if (option?.type !== types.attachment)
        throw new Error(`Discord does not send /${words}: ${name} is no attachment`);
      const attachment = this.#attach(value, channel);
      attachments[attachment.id] = attachment;
      return { name, type: types.attachment, value: attachment.id };
    });
    const data = commandData(command, path, given);
    const resolved = Object.keys(attachments).length > 0 ? { resolved: { attachments } } : {};
    return this.#ask({ type: 'command', channel }, { ...data, ...resolved });
  }

  /** Presses a button of a message, by its label or id. @throws when there is no such button */
  async press(message: SeenMessage, button: string): Promise<Exchange> {
    const pressed = this.#around.world.messages.get(message.id);
    if (!pressed || pressed.deleted) throw new Error('the message with the button is gone');
    if (pressed.onlyFor && pressed.onlyFor !== this.#person)
      throw new Error('this user does not see the message');
    const there = seen(pressed).buttons;
    const found = there.find(({ id, label }) => label === button || id === button);
    if (!found) {
      throw new Error(`there is no button "${button}", only ${there.map(({ label }) => label).join(', ')}`);
    }
    const data = { custom_id: found.id, component_type: 2 };
    return this.#ask({ type: 'press', channel: pressed.channel, pressed }, data);
  }

  /**
   * Fills in the form that a command or press opened, and submits it: by the fields' names; what is not named stays as it
   * stands. @throws when Discord's client would not let it be submitted
   */
  async fillIn(exchange: Exchange, values: Readonly<Record<string, string>> = {}): Promise<Exchange> {
    const { custom_id, components } = await exchange.form();
    const known = components.flatMap(({ component }) => (component ? [component] : []));
    for (const name of Object.keys(values)) {
      if (!known.some((field) => field.custom_id === name))
        throw new Error(`the form has no field "${name}"`);
    }
    const filled = known.map((field, index) => {
      const { type, options = [], required = true, value: stands = '' } = field;
      const chosen = options.find((option) => option.default)?.value ?? '';
      const value = values[field.custom_id] ?? (type === 3 ? chosen : stands);
      if (required && value === '') throw new Error(`Discord does not submit: ${field.custom_id} is empty`);
      if (type === 3 && value !== '' && !options.some((option) => option.value === value))
        throw new Error(`the menu ${field.custom_id} has no "${value}"`);
      const given = type === 3 ? { values: value === '' ? [] : [value] } : { value };
      return {
        type: 18,
        id: index * 2 + 1,
        component: { type, id: index * 2 + 2, custom_id: field.custom_id, ...given },
      };
    });
    const { pressed } = exchange;
    const channel = pressed?.channel ?? this.#defaultChannel;
    return this.#ask(
      { type: 'form', channel, ...(pressed && { pressed }) },
      { custom_id, components: filled },
    );
  }

  /** Types into an option and returns the names and values that are offered. */
  async complete(
    words: string,
    option: string,
    typed: string,
    others: Readonly<Record<string, string | number | boolean>> = {},
  ): Promise<readonly { name: string; value: string | number }[]> {
    const { command, path, known } = await this.#find(words, this.#defaultChannel);
    const focused = known.find(({ name }) => name === option);
    if (!focused?.autocomplete) throw new Error(`/${words} does not complete "${option}"`);
    const given = [
      ...Object.entries(others).map(([name, value]) => givenOption(words, known, name, value)),
      { name: option, type: focused.type, value: typed, focused: true },
    ];
    const interaction = this.#send(
      { type: 'completion', channel: this.#defaultChannel },
      commandData(command, path, given),
    );
    return this.#around.until(() => interaction.choices, `choices for /${words} ${option}`);
  }

  /** Puts the file where Discord keeps them. @throws when it is larger than Discord's client lets be sent */
  #attach({ name, data, type = 'text/plain' }: Attached, channel: Channel) {
    const { world, cdn } = this.#around;
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    if (bytes.length > attachmentSizeLimit) throw new Error(`Discord does not send ${name}: it is too large`);
    const id = world.newId();
    const path = `/attachments/${channel.id}/${id}/${name.replace(/[^\w.-]/g, '_')}`;
    world.attachments.set(path, { name, type, data: bytes });
    const url = `${cdn()}${path}?ex=1&is=1&hm=1`;
    return {
      id,
      filename: name,
      size: bytes.length,
      url,
      proxy_url: url,
      content_type: type,
      ephemeral: true,
    };
  }

  #ask(
    asked: Pick<StoredInteraction, 'type' | 'channel'> & { pressed?: StoredMessage },
    data: object,
  ): Exchange {
    return new Exchange(this.#send(asked, data), this.#around);
  }

  #send(
    asked: Pick<StoredInteraction, 'type' | 'channel'> & { pressed?: StoredMessage },
    data: object,
  ): StoredInteraction {
    const { world, dispatch } = this.#around;
    const interaction = world.ask({ ...asked, person: this.#person });
    dispatch('INTERACTION_CREATE', wireInteraction(world, interaction, data));
    return interaction;
  }

  async #find(words: string, channel: Channel): Promise<Found> {
    const { world, until } = this.#around;
    return until(() => findCommand(world, words.split(' '), channel), `/${words} in the commands of Discord`);
  }
}

/** Messages that stand in a channel, for whomever. */
export function messagesIn(world: World, channel: Channel): StoredMessage[] {
  return [...world.messages.values()].filter((message) => message.channel === channel && !message.deleted);
}

interface Found {
  readonly command: RegisteredCommand;
  /** The words after the command's name. */
  readonly path: readonly string[];
  readonly known: readonly CommandOption[];
}

const types = { subcommand: 1, string: 3, integer: 4, boolean: 5, number: 10, attachment: 11 } as const;

function findCommand(world: World, [name, ...path]: readonly string[], channel: Channel): Found | undefined {
  const available = world.commands.filter(({ guild, contexts }) => {
    if (guild !== undefined) return !channel.person && guild === world.guildId;
    return contexts == null || contexts.includes(channel.person ? 1 : 0);
  });
  const command = available.find((each) => each.name === name);
  let known: readonly CommandOption[] | undefined = command?.options ?? [];
  for (const word of path) {
    const inner: CommandOption | undefined = known?.find(
      (option) => option.name === word && option.type === 1,
    );
    known = inner && (inner.options ?? []);
  }
  if (!command || !known || known.some(({ type }) => type === types.subcommand)) return undefined;
  return { command, path, known };
}

function commandData(
  { id, name }: RegisteredCommand,
  path: readonly string[],
  given: readonly object[],
): object {
  const options = path.reduceRight<readonly object[]>(
    (inner, word) => [{ type: types.subcommand, name: word, options: inner }],
    given,
  );
  return { id, name, type: 1, options };
}

function givenOption(
  words: string,
  known: readonly CommandOption[],
  name: string,
  value: string | number | boolean,
): object {
  const option = known.find((each) => each.name === name);
  const no = (why: string) => new Error(`Discord does not send /${words}: ${name} ${why}`);
  if (!option) throw no('is no option of it');
  const expected =
    option.type === types.boolean ? 'boolean' : option.type === types.string ? 'string' : 'number';
  if (typeof value !== expected) throw no(`must be a ${expected}`);
  if (option.type === types.integer && !Number.isInteger(value)) throw no('must be whole');
  if (typeof value === 'number') {
    if (value < (option.min_value ?? -Infinity)) throw no(`is below ${option.min_value}`);
    if (value > (option.max_value ?? Infinity)) throw no(`is above ${option.max_value}`);
  }
  if (option.type === types.attachment) throw no('must be a file');
  const choices = option.choices ?? [];
  if (choices.length > 0 && !choices.some((choice) => choice.value === value))
    throw no('is none of its choices');
  return { name, type: option.type, value };
}
