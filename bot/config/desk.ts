/** What `desk.yaml` holds: people, chat platforms, brokers, sources, store, webhook and limits. */
import { z } from 'zod';
import { roles } from '../../commands/command.ts';
import { tradingLimits } from '../../engine/bank/book.ts';
import { brokerSettings } from '../../engine/brokers/index.ts';
import { sourceSettings } from '../../engine/market/sources/index.ts';
import { timezone } from '../../engine/market/sources/settings.ts';
import { addressOrRange } from './addresses.ts';
import { senders } from './senders.ts';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9, - and _, beginning with a letter');

/** Text of digits: as a number, YAML would round a Discord id without a word. */
const id = z
  .string('must be digits in quotes, such as "123456789012345678"')
  .regex(/^\d{1,20}$/, 'must be digits only');

/** A Telegram group's id begins with a minus. */
const telegramChat = z
  .string('must be a chat id in quotes, such as "-1001234567890"')
  .regex(/^-?\d{1,20}$/, 'must be digits, with a minus before those of a group');

const user = z.strictObject({
  name,
  role: z.enum(roles),
  discord: id.optional(),
  telegram: id.optional(),
  /** Beyond these books, and these brokers, they see and do nothing. */
  books: z.array(name).optional(),
  accounts: z.array(name).optional(),
});

const token = z.string('must be the token that the platform gave').min(1, 'must not be empty');

const mailAddress = z
  .email('must be an address such as ann@example.com')
  .transform((text) => text.toLowerCase());

const mail = z
  .strictObject({
    host: z.string('must be the name of a mail server').min(1, 'must not be empty'),
    port: wholeNumber(1, 65_535).default(587),
    /** `starttls`: encrypted after the greeting; `tls`: from the beginning, usually at port 465. */
    security: z.enum(['starttls', 'tls', 'none']).default('starttls'),
    /** Who must have signed the server's certificate, where it is nobody whom Node knows. */
    ca: z.string().min(1, 'must name a PEM file').optional(),
    user: z.string().min(1, 'must not be empty').optional(),
    password: z.string().min(1, 'must not be empty').optional(),
    /** From whom mails are: an address, or `Desk <desk@example.com>`. */
    from: z
      .string()
      .regex(
        /^(?:[^<>\r\n]* <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/,
        'must be an address such as desk@example.com',
      ),
    /** Who hears what happens. */
    notify: z.array(mailAddress).default([]),
  })
  .refine(({ security, host }) => security !== 'none' || isThisMachine(host), {
    path: ['security'],
    error: 'may be none only where host is this machine: a password would travel in the clear',
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    path: ['password'],
    error: 'user and password go together',
  });

const platforms = z.strictObject({
  console: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Who sits at the terminal has the machine anyway. */
      role: z.enum(roles).default('admin'),
    })
    .optional(),
  discord: z
    .strictObject({
      token,
      /** The server whose members may use the commands; without it they are registered for every server of the bot. */
      guild: id.optional(),
      /** Channels that hear what happens. */
      notify: z.array(id).default([]),
      /** Further channels in which commands are answered. */
      channels: z.array(id).default([]),
    })
    .optional(),
  telegram: z
    .strictObject({
      token,
      notify: z.array(telegramChat).default([]),
      /** Further groups in which commands are answered. */
      chats: z.array(telegramChat).default([]),
    })
    .optional(),
  mail: mail.optional(),
});

const webhook = z.strictObject({
  host: z.string().min(1, 'must be an address such as 127.0.0.1, or 0.0.0.0 for all').default('127.0.0.1'),
  /** 0 takes any that is free. */
  port: wholeNumber(0, 65_535).default(8080),
  /** Proxies in front whose word on the sender's address is believed. */
  trustProxy: z.array(addressOrRange).default([]),
  bodyLimitKb: wholeNumber(1, 1024).default(64),
  tls: z
    .strictObject({
      cert: z.string().min(1, 'must name a PEM file with the certificate and its chain'),
      key: z.string().min(1, 'must name a PEM file with the private key'),
      /** Who must have signed the certificates of senders that prove themselves by one. */
      clientCa: z
        .string()
        .min(1, 'must name a PEM file with the authorities of the certificates that senders show')
        .optional(),
    })
    .optional(),
  /** Who may send to `/hooks`, and to the books that have no senders of their own. */
  senders: senders.optional(),
});

/** Of those that are confirmed. */
const command = z
  .string()
  .regex(/^[a-z0-9_]+( [a-z0-9_]+)?$/, 'must be a command without its slash, such as panic or book withdraw');

const limits = z.strictObject({
  backtestSeconds: wholeNumber(1, 86_400).default(300),
  backtestMemoryMb: wholeNumber(64, 1_048_576).default(1024),
  /** What a run of a task may take. */
  taskSeconds: wholeNumber(1, 86_400).default(600),
  taskMemoryMb: wholeNumber(32, 1_048_576).default(256),
  /** Beyond one of these no entry is made anywhere: all books of one currency are counted together. */
  trading: tradingLimits.prefault({}),
});

export const deskSettings = z.strictObject({
  users: z.array(user).default([]),
  /** By whose clock the desk says when something happened, where a person or chat has not set theirs. */
  timezone: timezone.default('UTC'),
  platforms: platforms.default({}),
  store: z
    .string()
    .refine(
      (text) => text === 'sqlite' || isMongoUri(text),
      'must be sqlite, or an address that begins with mongodb:// or mongodb+srv://',
    )
    .default('sqlite'),
  sources: z.record(name, sourceSettings).default({}),
  brokers: z.record(name, brokerSettings).default({}),
  webhook: webhook.optional(),
  limits: limits.prefault({}),
  /** Commands that two different people must confirm. */
  twoPersons: z.array(command).default([]),
});

export type DeskSettings = z.infer<typeof deskSettings>;
export type WebhookSettings = z.infer<typeof webhook>;
export type MailSettings = z.infer<typeof mail>;
export type LimitSettings = z.infer<typeof limits>;

function isThisMachine(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|::1)$/.test(host);
}

export function isMongoUri(text: string): boolean {
  return /^mongodb(\+srv)?:\/\/[^/]/.test(text);
}

/** Also as text, because `${PORT}` is text. */
function wholeNumber(least: number, most: number) {
  const rule = `must be a whole number from ${least} to ${most}`;
  return z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], rule)
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, rule);
}
