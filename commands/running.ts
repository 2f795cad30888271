/**
 * What the commands under the heading Running ask of the process around the engine: who may speak to it, how it is
 * set, what it wrote down, and whom it tells what.
 */
import type { Role } from './role.ts';

/** The account on a platform from which something was asked, known to the desk or not. */
export interface Asker {
  readonly platform: string;
  /** The platform's own unchangeable id. */
  readonly id: string;
  /** As the platform shows it; nothing is decided by it. */
  readonly name: string;
  readonly chat: { readonly id: string /** Only this person and the desk. */; readonly private: boolean };
}

/** The books and accounts to which somebody is limited; null: to none. */
export interface Reach {
  readonly books: readonly string[] | null;
  readonly accounts: readonly string[] | null;
}

export interface Person extends Reach {
  readonly name: string;
  readonly role: Role;
  /** Id by platform. */
  readonly ids: Readonly<Record<string, string>>;
  /** Where it comes from, such as `desk.yaml` or `chat, by ann on 2026-01-31`. */
  readonly origin: string;
}

export type PersonChange =
  | ({
      readonly type: 'add';
      readonly name: string;
      readonly role: Role;
      readonly ids: Readonly<Record<string, string>>;
    } & Reach)
  | { readonly type: 'remove'; readonly name: string }
  | { readonly type: 'role'; readonly name: string; readonly role: Role }
  | ({ readonly type: 'limit'; readonly name: string } & Reach);

export interface PeopleOfDesk {
  list(): readonly Person[];
  /** What it would make of the person. @throws UserError when it cannot be done, such as removing the last admin */
  check(change: PersonChange): { readonly before: Person | undefined; readonly after: Person | undefined };
  /** @throws UserError as `check` does */
  change(change: PersonChange, by: string): Promise<void>;
  /** Makes the first admin. @throws UserError when the code is wrong, used, or tried too often */
  claim(asker: Asker, code: string): Promise<Person>;
}

export interface Setting {
  /** `desk`, `books/demo`, `plans/daily`. */
  readonly document: string;
  /** `limits.order`. */
  readonly key: string;
  /** As text for people; secrets are hidden. */
  readonly value: string;
  readonly origin: 'file' | 'chat' | 'default';
}

/** A setting that was changed in chat. */
export interface ChangedSetting {
  readonly document: string;
  readonly key: string;
  /** What the file says; `not set` where it says nothing. */
  readonly inFile: string;
  readonly inChat: string;
  readonly by: string;
  readonly at: string;
  /** False: its file or key is not there any more, so it means nothing. */
  readonly applies: boolean;
}

export interface SettingChange {
  readonly document: string;
  readonly key: string;
  /** The value as YAML; null: back to what the file says. */
  readonly value: string | null;
}

export interface CheckedSetting {
  readonly before: string;
  readonly after: string;
  readonly takesEffect: 'at once' | 'after a restart';
}

/** A book as it is made in chat: what its file would hold. */
export interface NewDocument {
  /** `books/grid` */
  readonly document: string;
  /** Each key, such as `limits.order`, with its value as YAML; secrets aside. */
  readonly settings: Readonly<Record<string, string>>;
  /** What the senders of its alerts must know. */
  readonly key?: string;
}

export interface SettingsOfDesk {
  /** Every document of which something may be changed. */
  documents(): readonly string[];
  /** Keys of a document that may be changed. */
  keys(document: string): readonly string[];
  /** @throws UserError when there is no such document or key */
  show(document: string, key: string | undefined): readonly Setting[];
  isSecret(change: { readonly document: string; readonly key: string }): boolean;
  /** @throws UserError when it may not be changed in chat, or the whole would not be right with it */
  check(change: SettingChange): CheckedSetting;
  /** @throws UserError as `check` does */
  set(change: SettingChange, by: string): Promise<CheckedSetting>;
  /** Several that are right only together: all of them or none. @throws UserError as `check` does */
  setTogether(changes: readonly SettingChange[], by: string): Promise<readonly CheckedSetting[]>;
  /** @throws UserError when the whole would not be right with it */
  checkNew(made: NewDocument): void;
  /** It is there from now on. @throws UserError as `checkNew` does */
  create(made: NewDocument, by: string): Promise<void>;
  /** @throws UserError when something else of the configuration needs it */
  checkDelete(document: string): void;
  /** Takes a document away, though its file may stay. @throws UserError as `checkDelete` does */
  delete(document: string, by: string): Promise<void>;
  differences(): readonly ChangedSetting[];
  /** The files as they would have to be: with what was changed in chat, without secrets and comments. */
  files(): readonly { readonly name: string; readonly text: string }[];
}

export interface AuditEntry {
  readonly at: string;
  readonly platform: string;
  /** The platform's id of who asked. */
  readonly user: string;
  /** Name on the desk; null for a stranger. */
  readonly caller: string | null;
  readonly command: string;
  readonly outcome: string;
  readonly reason: string | null;
  /** The platform's id of the chat in which it was asked. */
  readonly chat: string;
  readonly durationMs: number;
}

/** Which part of the audit: of one person, by name or by a platform's id; from and before instants in ISO 8601. */
export interface AuditQuery {
  readonly limit: number;
  readonly person?: string;
  readonly from?: Date;
  readonly before?: Date;
}

export interface AuditTrail {
  /** Newest first. */
  latest(query: AuditQuery): Promise<readonly AuditEntry[]>;
}

export interface LogBook {
  /** The last lines of the log, oldest first, each a line of JSON without secrets. */
  tail(lines: number): Promise<readonly string[]>;
}

export interface Alias {
  readonly name: string;
  /** The command line for which it stands, with its slash. */
  readonly line: string;
  readonly by: string;
}

export interface AliasesOfDesk {
  list(): readonly Alias[];
  /** @throws UserError when the name is a command's, or the line is none */
  check(alias: { readonly name: string; readonly line: string }): void;
  /** A name that is there already gets the new line. @throws UserError as `check` does */
  add(alias: { readonly name: string; readonly line: string }, by: string): Promise<void>;
  /** @throws UserError when there is no such alias */
  remove(name: string): Promise<void>;
  /** What was typed with the alias at its beginning put in; undefined where it begins with none. */
  expand(typed: string): string | undefined;
}

export interface MailOfDesk {
  /** Those that are told something; none where e-mail is off. */
  addresses(): readonly string[];
  /** Sends a test mail at once. @throws UserError with what the mail server said */
  test(address: string): Promise<void>;
}

export const noticeLevels = ['on', 'silent', 'off'] as const;
/** `silent`: told without a sound, where the platform can do that. */
export type NoticeLevel = (typeof noticeLevels)[number];

export interface Notice {
  /** `discord:chat:123`, `telegram:user:7`. */
  readonly chat: string;
  /** Kind of event, such as `signal` or `run`. */
  readonly kind: string;
  /** Only what concerns this book; null: everything of this kind that is not said apart. */
  readonly book: string | null;
  readonly level: NoticeLevel;
  readonly origin: 'default' | 'chat';
}

/** For what a chat has a thread each. */
export const threadsPer = ['book', 'plan', 'off'] as const;
export type ThreadsPer = (typeof threadsPer)[number];

export interface NoticesOfDesk {
  readonly kinds: readonly string[];
  /** The chats that hear something. */
  chats(): readonly string[];
  /** The name under which a chat is told. */
  chatOf(asker: Asker): string;
  /** Of one chat. */
  list(chat: string): readonly Notice[];
  /** @throws UserError for a chat or kind that does not exist, and for a book where the kind is of none */
  set(notice: Omit<Notice, 'origin'>): Promise<void>;
  /** Whether a chat is told in threads. */
  threads(chat: string): ThreadsPer;
  /** @throws UserError for a chat that does not exist, or has no threads */
  setThreads(chat: string, per: ThreadsPer): Promise<void>;
}

/** Whose clock is meant: a person's, who reads it everywhere, or a chat's. */
export type ZoneOwner = { readonly person: string } | { readonly chat: string };

export interface ZonesOfDesk {
  /** Of the desk: where nobody said anything else. */
  readonly desk: string;
  /** What was set; undefined where nothing was. */
  of(owner: ZoneOwner): string | undefined;
  /** In which an answer is written: the person's, else the chat's, else the desk's. */
  forReader(reader: { readonly person: string; readonly chat: string }): string;
  /** null: as if nothing was ever set. */
  set(owner: ZoneOwner, zone: string | null): Promise<void>;
}

/** On the quarters of an hour, by the clock of whoever reads. */
export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
}

export interface DigestChoice {
  readonly at: TimeOfDay;
  /** By whose clock: IANA. */
  readonly zone: string;
  readonly next: Date;
}

export interface DigestsOfDesk {
  /** When a chat is told its digest; undefined: never. @throws UserError for a chat that does not exist */
  of(chat: string): Promise<DigestChoice | undefined>;
  /** From when on the chat's next digest tells. */
  since(chat: string): Promise<Date>;
  /** null: not any more. @throws UserError for a chat that does not exist */
  set(chat: string, at: TimeOfDay | null): Promise<void>;
}
