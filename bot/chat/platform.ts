/**
 * The contract of a chat platform. Console, Discord and Telegram fulfil it alike: they carry messages and presses,
 * render what the router gives them, and decide nothing. A new platform is one folder that implements `Platform`.
 */
import type { ButtonStyle, Content, Visibility } from '../../commands/reply.ts';

export type PlatformName = 'console' | 'discord' | 'telegram' | 'mail';

export interface ChatUser {
  readonly platform: PlatformName;
  /** The platform's own unchangeable id, never a display name. */
  readonly id: string;
  /** For people only; nothing is decided by it. */
  readonly name: string;
}

/** Where messages go: a chat or channel, or a person's private chat with the desk. */
export interface ChatAddress {
  readonly platform: PlatformName;
  readonly kind: 'chat' | 'user';
  readonly id: string;
  /** A thread of the chat, as `openThread` named it; the chat itself where there is none. */
  readonly thread?: string;
}

/** A message that was sent, so that it can be edited later, also after a restart. */
export interface MessageRef {
  readonly platform: PlatformName;
  readonly chat: string;
  readonly message: string;
}

/** A button as a platform sees it: pressing it says its id. What it means is in the store. */
export interface MessageButton {
  /** At most 32 characters of `[A-Za-z0-9_-]`. */
  readonly id: string;
  readonly label: string;
  readonly style: ButtonStyle;
}

export interface Message extends Content {
  readonly buttons?: readonly MessageButton[];
  /** It asks something: what the person types next is the answer. The first `choices` of its buttons are answers, too. */
  readonly question?: { readonly choices: number };
  /** Told without a sound, where the platform can do that. */
  readonly silent?: boolean;
}

/** One thing to fill in. */
export interface FormField {
  /** That of the command's option: `capital`. */
  readonly name: string;
  /** At most 100 letters. */
  readonly question: string;
  readonly required: boolean;
  /** Stands there already. */
  readonly value?: string;
  /** At most 25, from which one is chosen; else it is typed. */
  readonly choices?: readonly string[];
}

/** Several questions on one page, where a platform has that. */
export interface Form {
  /** As a button's. */
  readonly id: string;
  readonly title: string;
  /** 1 to 5. */
  readonly fields: readonly FormField[];
}

/**
 * Where an answer is shown: to everyone or only to the asker, as a message of its own; or in place of the message that
 * holds the pressed button (its buttons go away with it). `in-place` is only for a press.
 */
export type Placement = Visibility | 'in-place';

/** The one answer to a command or press: acknowledged at once, shown, and shown anew as work goes on. */
export interface Responder {
  /** Tells the platform that work has begun (Discord: defer; Telegram: typing). Comes first, within a second. */
  acknowledge(placement: Placement): Promise<void>;
  /** Shows the message, or replaces the one that it showed before, buttons and attachments included. */
  show(message: Message): Promise<void>;
  /**
   * Turns a stranger away, in place of `acknowledge`. Discord says it privately, because an unanswered interaction
   * looks like a fault there; Telegram stays silent, so that the bot does not tell strangers that it is there.
   */
  refuse(message: Message): Promise<void>;
  /**
   * Opens a form, in place of `acknowledge` and of any message: what is filled in comes as `onForm`. False: it takes a press
   * of a button first. Missing on a platform without forms, where questions are asked one after another.
   */
  openForm?(form: Form): Promise<boolean>;
  /**
   * Deletes the message in which the command was typed, because it holds a secret. False: it is still there. Missing where
   * a command is no message that others can see.
   */
  removeAsked?(): Promise<boolean>;
}

interface Incoming {
  readonly user: ChatUser;
  readonly chat: { readonly id: string /** Only this user and the desk. */; readonly private: boolean };
  /** When the user sent it by the platform's clock; a command that waited while the desk was away may be refused. */
  readonly sentAt: Date;
}

/** A file that somebody sent. Nothing of it is fetched before it is known that they may. */
export interface IncomingFile {
  readonly name: string;
  /** @throws UserError when it has more bytes, or cannot be had */
  read(maxBytes: number): Promise<Uint8Array>;
}

export interface IncomingFiles {
  /** Came along with a typed command. */
  readonly attached?: IncomingFile;
  /** The file that the value of an option stands for: an attachment by its id, at the terminal a path. */
  named?(value: string): IncomingFile | undefined;
}

/** A command as typed (`/backtest sma_cross SP500`), or already taken apart by the platform. */
export interface IncomingCommand extends Incoming {
  readonly files?: IncomingFiles;
  /** Typed once before, in other words: it may have been done then. */
  readonly corrected?: boolean;
  readonly input:
    | { readonly kind: 'typed'; readonly text: string }
    | {
        readonly kind: 'structured';
        /** Words of the command: `['book', 'show']`. */
        readonly command: readonly string[];
        readonly options: Readonly<Record<string, string | number | boolean>>;
      };
}

export interface IncomingPress extends Incoming {
  readonly buttonId: string;
}

export interface IncomingForm extends Incoming {
  readonly formId: string;
  /** By the names of its fields; what was left empty is empty. */
  readonly values: Readonly<Record<string, string>>;
  /** It was opened from a message of the desk, in whose place the answer may stand. */
  readonly onMessage: boolean;
}

export interface IncomingCompletion extends Incoming {
  readonly command: readonly string[];
  readonly option: string;
  /** What is typed so far. */
  readonly value: string;
  /** What the command has already, by option. */
  readonly given: Readonly<Record<string, unknown>>;
}

export interface Choice {
  readonly name: string;
  readonly value: string | number;
}

/** What a platform hands its events to: the router. None of these rejects; what goes wrong is answered in chat. */
export interface ChatHandler {
  onCommand(command: IncomingCommand, responder: Responder): Promise<void>;
  onPress(press: IncomingPress, responder: Responder): Promise<void>;
  onForm(form: IncomingForm, responder: Responder): Promise<void>;
  /** At most 25 choices; none for a stranger. */
  onCompletion(completion: IncomingCompletion): Promise<readonly Choice[]>;
}

export interface PlatformStatus {
  readonly state: 'ready' | 'connecting' | 'down' | 'stopped';
  readonly since: Date;
  /** One line for people when it is not ready: what is wrong and what to do. */
  readonly why?: string;
}

/** The message did not get there. `retryable`: the platform is away, the same message may be sent again later. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly retryable: boolean;
  /** The thread that it was for was deleted: the chat may be there all the same. */
  readonly threadGone: boolean;

  constructor(message: string, options: { retryable: boolean; threadGone?: boolean; cause?: unknown }) {
    super(message, options);
    this.retryable = options.retryable;
    this.threadGone = options.threadGone ?? false;
  }
}

export interface Platform {
  readonly name: PlatformName;
  /**
   * Begins to connect and returns; a token that is refused or a network that is away shows in `status`, is logged
   * once, and leaves the other platforms running.
   */
  start(handler: ChatHandler): Promise<void>;
  /** Finishes what is being sent, then disconnects. */
  stop(): Promise<void>;
  status(): PlatformStatus;
  /**
   * Opens a thread of this name in a chat and returns its id, or that of one that is open there already; undefined: this
   * chat has no threads. Missing on a platform that knows none.
   * @throws DeliveryError
   */
  openThread?(chat: ChatAddress, name: string): Promise<string | undefined>;
  /**
   * Sends a message. `key` is the same when the same message is tried again: where the platform can recognise
   * a repetition by it (Discord's nonce), it does.
   * @throws DeliveryError
   */
  post(address: ChatAddress, message: Message, key: string): Promise<MessageRef>;
  /** @throws DeliveryError */
  edit(ref: MessageRef, message: Message): Promise<void>;
}
