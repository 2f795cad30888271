/**
 * Discord's memory: people, channels, messages, interactions and registered commands, and the rules by which they
 * change. It knows nothing of HTTP or of the gateway.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../engine/clock.ts';
import { commandProblems, messageProblems, modalProblems } from './checks.ts';
import * as refuse from './errors.ts';
import type { ActionRow, CommandBody, Embed, MessageBody, ModalBody, UploadedFile } from './shapes.ts';
import { ephemeral } from './shapes.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  takesDirectMessages: boolean;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  /** Whose direct messages these are; a channel of the server otherwise. */
  readonly person?: Person;
  /** What the bot may do there. */
  access: 'full' | 'no-writing' | 'hidden';
  /** The bot may not open threads there. */
  opensNoThreads?: boolean;
  /** The channel whose thread it is. */
  readonly parent?: Channel;
  /** Of a thread: put away after some time without a word; the next word brings it back. */
  archived?: boolean;
  /** Of a thread: by a moderator. Then only a moderator brings it back. */
  locked?: boolean;
}

export interface StoredFile extends UploadedFile {
  readonly id: string;
}

/** How a message looked at one moment. */
export interface Version {
  readonly content: string;
  readonly embeds: readonly Embed[];
  readonly components: readonly ActionRow[];
  readonly files: readonly StoredFile[];
}

export interface StoredMessage {
  readonly id: string;
  readonly channel: Channel;
  /** Who alone sees it. */
  readonly onlyFor?: Person;
  /** "Outcry is thinking…": deferred, and nothing shown yet. */
  thinking: boolean;
  deleted: boolean;
  /** Oldest first; the last is what stands there. */
  readonly versions: Version[];
  readonly sentAt: Date;
}

export interface RegisteredCommand extends CommandBody {
  readonly id: string;
  readonly version: string;
  /** The server that it is for; everywhere otherwise. */
  readonly guild?: string;
}

export interface StoredInteraction {
  readonly id: string;
  readonly token: string;
  readonly type: 'command' | 'press' | 'completion' | 'form';
  readonly person: Person;
  readonly channel: Channel;
  readonly pressed?: StoredMessage;
  readonly createdAt: number;
  acknowledged: boolean;
  /** The test says so, or its time is over. */
  expired: boolean;
  /** `@original`: the reply, or the message whose button was pressed when that is updated. */
  original?: StoredMessage;
  readonly followUps: StoredMessage[];
  choices?: readonly { readonly name: string; readonly value: string | number }[];
  /** The form that it was answered with. */
  modal?: ModalBody;
}

export const attachmentSizeLimit = 10 * 1024 * 1024;
const acknowledgeWithinMs = 3_000;
const tokenLifetimeMs = 15 * 60_000;
const nonceMemoryMs = 5 * 60_000;
const discordEpoch = 1_420_070_400_000n;

export class World {
  readonly applicationId: string;
  readonly guildId: string;
  readonly people = new Map<string, Person>();
  readonly channels = new Map<string, Channel>();
  readonly messages = new Map<string, StoredMessage>();
  readonly interactions = new Map<string, StoredInteraction>();
  readonly commands: RegisteredCommand[] = [];
  /** Is called with each thread that is opened. */
  onThread: (thread: Channel) => void = () => undefined;
  /** What people sent along with commands, by the path of its address. */
  readonly attachments = new Map<string, UploadedFile>();
  readonly #clock: Clock;
  readonly #nonces = new Map<string, { readonly message: StoredMessage; readonly at: number }>();
  #ids = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.applicationId = this.newId();
    this.guildId = this.newId();
  }

  /** A snowflake: its time and a number of its own. */
  newId(): string {
    this.#ids += 1n;
    return (((BigInt(this.#now()) - discordEpoch) << 22n) | (this.#ids % (1n << 22n))).toString();
  }

  channel(id: string): Channel {
    const channel = this.channels.get(id);
    if (!channel) throw refuse.unknownChannel();
    if (channel.access === 'hidden') throw refuse.missingAccess();
    return channel;
  }

  directChannel(personId: string): Channel {
    const person = this.people.get(personId);
    if (!person) throw refuse.unknownUser();
    const there = [...this.channels.values()].find((channel) => channel.person === person);
    if (there) return there;
    const channel: Channel = { id: this.newId(), name: `@${person.name}`, person, access: 'full' };
    this.channels.set(channel.id, channel);
    return channel;
  }

  /** By the bot. */
  openThread(parent: Channel, name: string): Channel {
    if (parent.person || parent.parent)
      throw new refuse.Refusal(400, 50024, 'Cannot execute action on this channel type');
    if (parent.opensNoThreads) throw refuse.missingPermissions();
    const thread: Channel = { id: this.newId(), name, parent, access: 'full' };
    this.channels.set(thread.id, thread);
    this.onThread(thread);
    return thread;
  }

  changeThread(thread: Channel, { archived }: { readonly archived?: unknown }): Channel {
    if (!thread.parent || thread.locked) throw refuse.missingPermissions();
    if (typeof archived === 'boolean') thread.archived = archived;
    return thread;
  }

  /** By the bot, into a channel. */
  post(channel: Channel, body: MessageBody, files: readonly UploadedFile[]): StoredMessage {
    if (channel.access === 'no-writing') throw refuse.missingPermissions();
    if (channel.person && !channel.person.takesDirectMessages) throw refuse.noDirectMessages();
    if (channel.archived && channel.locked) throw refuse.threadArchived();
    channel.archived = false;
    const nonce = body.nonce == null ? undefined : `${channel.id}/${body.nonce}`;
    const earlier = nonce === undefined ? undefined : this.#nonces.get(nonce);
    if (body.enforce_nonce && earlier && this.#now() - earlier.at < nonceMemoryMs) return earlier.message;
    const message = this.#create(channel, body, files, undefined);
    if (nonce !== undefined) this.#nonces.set(nonce, { message, at: this.#now() });
    return message;
  }

  message(channel: Channel, id: string): StoredMessage {
    const message = this.messages.get(id);
    // The bot cannot reach what it said to one person only but through the interaction.
    if (!message || message.deleted || message.channel !== channel || message.onlyFor) {
      throw refuse.unknownMessage();
    }
    return message;
  }

  edit(message: StoredMessage, body: MessageBody, files: readonly UploadedFile[]): void {
    const before = message.versions.at(-1);
    const kept = before?.files ?? [];
    const version = this.#versionOf(body, files, kept, before);
    message.versions.push(version);
    message.thinking = false;
  }

  /** The interaction, when Discord would still take an acknowledgement of it. */
  toAcknowledge(id: string, token: string): StoredInteraction {
    const interaction = this.interactions.get(id);
    if (!interaction || interaction.token !== token || interaction.expired) throw refuse.unknownInteraction();
    if (interaction.acknowledged) throw refuse.alreadyAcknowledged();
    if (this.#now() - interaction.createdAt > acknowledgeWithinMs) throw refuse.unknownInteraction();
    return interaction;
  }

  defer(interaction: StoredInteraction, flags: number): void {
    interaction.acknowledged = true;
    interaction.original = this.#create(
      interaction.channel,
      undefined,
      [],
      this.#onlyFor(interaction, flags),
    );
  }

  reply(interaction: StoredInteraction, body: MessageBody, files: readonly UploadedFile[]): void {
    const onlyFor = this.#onlyFor(interaction, body.flags ?? 0);
    interaction.original = this.#create(interaction.channel, body, files, onlyFor);
    interaction.acknowledged = true;
  }

  choose(interaction: StoredInteraction, choices: NonNullable<StoredInteraction['choices']>): void {
    interaction.acknowledged = true;
    interaction.choices = choices;
  }

  openModal(interaction: StoredInteraction, modal: ModalBody): void {
    if (interaction.type === 'form' || interaction.type === 'completion')
      throw refuse.invalidBody(['type: an interaction of this kind cannot be answered with a modal']);
    const problems = modalProblems(modal);
    if (problems.length > 0) throw refuse.invalidBody(problems);
    interaction.acknowledged = true;
    interaction.modal = modal;
  }

  /** Deferred or at once: from now on the message with the button is the original. */
  takePressed(interaction: StoredInteraction): StoredMessage {
    if (!interaction.pressed) throw refuse.invalidBody(['type: only a press can update its message']);
    interaction.acknowledged = true;
    interaction.original = interaction.pressed;
    return interaction.pressed;
  }

  /** The interaction by its token, as long as that lives. */
  byToken(token: string): StoredInteraction {
    const interaction = [...this.interactions.values()].find((each) => each.token === token);
    if (!interaction) throw refuse.unknownWebhook();
    const over = this.#now() - interaction.createdAt > tokenLifetimeMs;
    if (over || interaction.expired) throw refuse.invalidWebhookToken();
    if (!interaction.acknowledged) throw refuse.unknownWebhook();
    return interaction;
  }

  answerOf(interaction: StoredInteraction, id: string): StoredMessage {
    const message =
      id === '@original' ? interaction.original : interaction.followUps.find((each) => each.id === id);
    if (!message || message.deleted) throw refuse.unknownMessage();
    return message;
  }

  followUp(interaction: StoredInteraction, body: MessageBody, files: readonly UploadedFile[]): StoredMessage {
    // The first follow-up of a deferred reply takes its place, with the visibility that it was deferred with.
    if (interaction.original?.thinking) {
      this.edit(interaction.original, body, files);
      return interaction.original;
    }
    const message = this.#create(
      interaction.channel,
      body,
      files,
      this.#onlyFor(interaction, body.flags ?? 0),
    );
    interaction.followUps.push(message);
    return message;
  }

  ask(
    asked: Pick<StoredInteraction, 'type' | 'person' | 'channel'> & { pressed?: StoredMessage },
  ): StoredInteraction {
    const interaction: StoredInteraction = {
      ...asked,
      id: this.newId(),
      token: randomBytes(40).toString('base64url'),
      createdAt: this.#now(),
      acknowledged: false,
      expired: false,
      followUps: [],
    };
    this.interactions.set(interaction.id, interaction);
    return interaction;
  }

  register(body: CommandBody, guild: string | undefined): RegisteredCommand {
    const problems = commandProblems(body);
    if (problems.length > 0) throw refuse.invalidBody(problems);
    const type = body.type ?? 1;
    const same = this.commands.find(
      (each) => each.name === body.name && (each.type ?? 1) === type && each.guild === guild,
    );
    const command: RegisteredCommand = {
      ...body,
      type,
      id: same?.id ?? this.newId(),
      version: this.newId(),
      ...(guild === undefined ? {} : { guild }),
    };
    if (same) this.commands.splice(this.commands.indexOf(same), 1, command);
    else this.commands.push(command);
    if (this.commands.filter((each) => each.guild === guild).length > 100) {
      this.commands.pop();
      throw new refuse.Refusal(400, 30032, 'Maximum number of application commands reached (100)');
    }
    return command;
  }

  command(id: string, guild: string | undefined): RegisteredCommand {
    const command = this.commands.find((each) => each.id === id && each.guild === guild);
    if (!command) throw refuse.unknownCommand();
    return command;
  }

  changeCommand(id: string, guild: string | undefined, changes: Partial<CommandBody>): RegisteredCommand {
    const before = this.command(id, guild);
    const problems = commandProblems({ ...before, ...changes });
    if (problems.length > 0) throw refuse.invalidBody(problems);
    const command = { ...before, ...changes, version: this.newId() };
    this.commands.splice(this.commands.indexOf(before), 1, command);
    return command;
  }

  forgetCommand(id: string, guild: string | undefined): void {
    this.commands.splice(this.commands.indexOf(this.command(id, guild)), 1);
  }

  #create(
    channel: Channel,
    body: MessageBody | undefined,
    files: readonly UploadedFile[],
    onlyFor: Person | undefined,
  ): StoredMessage {
    const message: StoredMessage = {
      id: this.newId(),
      channel,
      ...(onlyFor ? { onlyFor } : {}),
      thinking: body === undefined,
      deleted: false,
      versions: body === undefined ? [] : [this.#versionOf(body, files, [], undefined)],
      sentAt: new Date(this.#now()),
    };
    this.messages.set(message.id, message);
    return message;
  }

  #versionOf(
    body: MessageBody,
    uploaded: readonly UploadedFile[],
    kept: readonly StoredFile[],
    before: Version | undefined,
  ): Version {
    const files = this.#filesOf(body, uploaded, kept);
    const version: Version = {
      content: body.content === undefined ? (before?.content ?? '') : (body.content ?? ''),
      embeds: body.embeds === undefined ? (before?.embeds ?? []) : (body.embeds ?? []),
      components: body.components === undefined ? (before?.components ?? []) : (body.components ?? []),
      files,
    };
    const problems = messageProblems(
      version,
      files.map(({ name }) => name),
    );
    if (problems.length > 0) throw refuse.invalidBody(problems);
    const nothing = version.content.trim() === '' && version.embeds.length === 0 && files.length === 0;
    if (nothing && version.components.length === 0) throw refuse.emptyMessage();
    return version;
  }

  /** With `attachments` the body says which files stay and what the new ones are called; without it all stay. */
  #filesOf(
    { attachments }: MessageBody,
    uploaded: readonly UploadedFile[],
    kept: readonly StoredFile[],
  ): StoredFile[] {
    if (uploaded.some(({ data }) => data.length > attachmentSizeLimit)) throw refuse.tooLarge();
    const store = (file: UploadedFile, name: string): StoredFile => ({
      ...file,
      id: this.newId(),
      name: name.replace(/[^\w.-]/g, '_'),
    });
    if (attachments == null) return [...kept, ...uploaded.map((file) => store(file, file.name))];
    return attachments.map(({ id, filename }) => {
      const old = kept.find((file) => file.id === id);
      if (old) return old;
      const file = uploaded[Number(id)];
      if (!file) throw refuse.invalidBody([`attachments: there is no file "${id}"`]);
      return store(file, filename ?? file.name);
    });
  }

  #onlyFor(interaction: StoredInteraction, flags: number): Person | undefined {
    return (flags & ephemeral) === 0 ? undefined : interaction.person;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}
