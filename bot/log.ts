/**
 * The log: one line of JSON per message in `<folder>/desk.log`, with every secret taken out.
 *
 * Each line is handed to the operating system before the call returns, so a crash of the process loses none; it is
 * not forced to the disk, so a power cut may lose the last seconds. What must survive that is in the store, not here.
 * When the disk is full the desk goes on: lines are dropped, counted, and the count is the first line that fits again.
 */
import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pino, stdSerializers } from 'pino';
import { type Clock, stamp } from '../engine/clock.ts';
import { reasonOf } from '../engine/errors.ts';
import type { Logger } from '../engine/log.ts';

export interface LogSettings {
  /** Made where it is missing. */
  readonly folder: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Texts that never appear in a line, wherever they come from. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  /**
   * Takes warnings and errors as readable text, for a desk without a console chat. Where there is one the terminal
   * belongs to its prompt, and this is left out.
   */
  readonly terminal?: ((text: string) => void) | undefined;
  /** A file that has grown beyond this is put aside. */
  readonly maxBytes?: number;
  /** With the one that is written to: `desk.log`, `desk.1.log` (newest), ... */
  readonly files?: number;
}

export interface DeskLog extends Logger {
  /** These texts, too, appear in no line from now on. */
  hide(secrets: readonly string[]): void;
  close(): void;
}

export function createLog(settings: LogSettings): DeskLog {
  const { level, secrets, clock, terminal } = settings;
  const file = new RotatingFile(settings);
  let redact = redactor(secrets);
  const hidden = new Set(secrets);
  const lines = {
    write(line: string) {
      const clean = redact(line);
      file.write(clean);
      if (terminal) showOn(terminal, clean);
    },
  };
  const log = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${stamp(clock)}"`,
      formatters: { level: (label) => ({ level: label }), log: spelledOut },
    },
    lines,
  );
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    hide(more) {
      for (const secret of more) hidden.add(secret);
      redact = redactor([...hidden]);
    },
    close: () => file.close(),
  };
}

/** What each line has anyway; a field of the same name would take its place. */
const ownNames: readonly string[] = ['level', 'time', 'msg'];

function spelledOut(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      ownNames.includes(name) ? `${name}_` : name,
      // JSON shows an `Error` as `{}`; under whichever name it was given, its text and stack are wanted.
      value instanceof Error ? stdSerializers.err(value) : value,
    ]),
  );
}

const removed = '[redacted]';
/** `key`, `x-outcry-key`, `API_KEY`, and `botToken`; not `monkey`. */
const secretNames = [
  /(?:^|[^a-z])(?:token|(?:api)?key|secret|password|authorization)s?$/i,
  /[a-z0-9](?:Token|Key|Secret|Password|Authorization)s?$/,
];

/**
 * Takes secrets out of a finished line: by the name of their key at any depth, and by their text anywhere, also as it
 * is escaped inside JSON or an address. Working on the line itself, nothing that is logged gets around it.
 */
function redactor(secrets: readonly string[]): (line: string) => string {
  const texts = [
    ...new Set(
      secrets.filter((secret) => secret !== '').flatMap((secret) => [secret, encodeURIComponent(secret)]),
    ),
  ]
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .sort((a, b) => b.length - a.length); // a secret that contains another is taken out as a whole
  return (line) => {
    const named = JSON.stringify(
      JSON.parse(line, (key, value: unknown) => (isSecretName(key) ? removed : value)),
    );
    return `${texts.reduce((text, secret) => text.replaceAll(secret, removed), named)}\n`;
  };
}

function isSecretName(name: string): boolean {
  return secretNames.some((pattern) => pattern.test(name));
}

const shownLevels: Readonly<Record<string, string>> = { warn: 'WARN ', error: 'ERROR' };

function showOn(terminal: (text: string) => void, line: string): void {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const shown = shownLevels[String(level)];
  if (shown === undefined) return;
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${textOf(value)}`);
  terminal(`${[String(time), shown, String(msg), ...rest].join(' ')}\n`);
}

function textOf(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) return String(value.message);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Appends lines to `desk.log`, and puts the file aside when it is full. Never throws. */
class RotatingFile {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #files: number;
  readonly #clock: Clock;
  #descriptor: number | undefined;
  #size = 0;
  #rotateAt: number;
  /** Since the last line that could be written. */
  #dropped = 0;
  #dropReason = '';
  /** The disk became full in the middle of a line: the next one begins on a new line. */
  #brokenOff = false;
  #closed = false;

  constructor({ folder, clock, maxBytes = 5_000_000, files = 10 }: LogSettings) {
    this.#folder = folder;
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#rotateAt = maxBytes;
    this.#files = files;
  }

  write(line: string): void {
    if (this.#closed) return;
    try {
      let descriptor = this.#open();
      if (this.#size >= this.#rotateAt) {
        const trouble = this.#rotate();
        descriptor = this.#open();
        // Better a long file than none: it goes on, and is put aside at the next multiple.
        this.#rotateAt = trouble === undefined ? this.#maxBytes : this.#size + this.#maxBytes;
        if (trouble !== undefined) this.#append(descriptor, this.#notice('the full log stays', { trouble }));
      }
      if (this.#dropped > 0) {
        const lost = { lines: this.#dropped, reason: this.#dropReason };
        this.#append(descriptor, this.#notice('log lines were lost', lost));
        this.#dropped = 0;
      }
      this.#append(descriptor, line);
    } catch (error) {
      this.#dropped += 1;
      this.#dropReason = reasonOf(error);
      // Opened anew for the next line: the folder may have been removed, or another disk put in its place.
      this.#release();
    }
  }

  close(): void {
    this.#closed = true;
    this.#release();
  }

  #open(): number {
    if (this.#descriptor !== undefined) return this.#descriptor;
    mkdirSync(this.#folder, { recursive: true });
    const path = this.#path(0);
    this.#descriptor = openSync(path, 'a', 0o600);
    this.#size = statSync(path).size;
    return this.#descriptor;
  }

  #append(descriptor: number, line: string): void {
    const bytes = Buffer.from(this.#brokenOff ? `\n${line}` : line);
    let written = 0;
    while (written < bytes.length) {
      const count = writeSync(descriptor, bytes, written);
      written += count;
      this.#size += count;
      this.#brokenOff = written < bytes.length;
    }
  }

  #notice(msg: string, fields: object): string {
    return `${JSON.stringify({ level: 'error', time: stamp(this.#clock), ...fields, msg })}\n`;
  }

  /** The oldest falls off at the end: `rename` replaces what has the name already. Returns why it did not work. */
  #rotate(): string | undefined {
    this.#release();
    try {
      for (let place = this.#files - 2; place >= 0; place--) {
        if (statSync(this.#path(place), { throwIfNoEntry: false })) {
          renameSync(this.#path(place), this.#path(place + 1));
        }
      }
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  #release(): void {
    if (this.#descriptor === undefined) return;
    try {
      closeSync(this.#descriptor);
    } catch (error) {
      this.#dropReason = reasonOf(error);
    }
    this.#descriptor = undefined;
  }

  #path(place: number): string {
    return join(this.#folder, place === 0 ? 'desk.log' : `desk.${place}.log`);
  }
}
