/**
 * The terminal as a chat platform: a prompt with history and completion, numbered buttons, attachments saved as files.
 * With a pipe as its input it answers each line in turn, and ends the desk when the input ends.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createInterface, type Interface, moveCursor } from 'node:readline';
import type { Command } from '../../../commands/command.ts';
import type { Times } from '../../../commands/times.ts';
import type { Clock } from '../../../engine/clock.ts';
import { reasonOf } from '../../../engine/errors.ts';
import type { Logger } from '../../../engine/log.ts';
import type {
  ChatHandler,
  ChatUser,
  Message,
  MessageButton,
  MessageRef,
  Platform,
  PlatformStatus,
  Responder,
} from '../platform.ts';
import { mayHoldSecret } from '../spelling.ts';
import { completionOf } from './completion.ts';
import { filesOfTerminal, pathsLike } from './files.ts';
import { renderMessage } from './render.ts';

export interface ConsoleParts {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly commands: readonly Command[];
  /** Where attachments are saved. */
  readonly attachmentsFolder: string;
  /** Where typed commands are remembered between starts. */
  readonly historyFile: string;
  readonly color: boolean;
  /** The user asked to leave: Ctrl+C, Ctrl+D, or a pipe that came to its end. */
  readonly onLeave: () => void;
  /** By whose clock it is told when something happened. */
  readonly times: () => Times;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Whoever sits at the terminal of the machine. */
export const consoleUser: ChatUser = { platform: 'console', id: 'console', name: 'console' };
const chat = { id: 'console', private: true };
const prompt = 'outcry> ';
const historyLines = 500;

export class ConsolePlatform implements Platform {
  readonly name = 'console';
  readonly #parts: ConsoleParts;
  readonly #interactive: boolean;
  #readline: Interface | undefined;
  #handler: ChatHandler | undefined;
  #status: PlatformStatus;
  /** The buttons that a typed number presses: those of the newest answer or announcement that has any. */
  #buttons: readonly MessageButton[] = [];
  /** They are an answer's, and nothing was typed since: what is announced meanwhile must not take their numbers. */
  #isAwaited = false;
  /** What the newest answer asks: then what is typed is no command, save with its slash. */
  #question: { readonly buttons: readonly MessageButton[]; readonly choices: number } | undefined;
  /** Lines of a pipe are answered one after another. */
  #turn: Promise<void> = Promise.resolve();
  /** The newest thing on the screen, if it may still be replaced: progress of this responder, so many lines high. */
  #replaceable: { readonly by: Responder; readonly lines: number } | undefined;
  #messages = 0;
  /** What was typed, the newest first: readline's own, so that what is taken out of it is gone. */
  #history: string[] = [];
  /** Lines that are not answered yet: only then it is known whether there is a secret in them. */
  readonly #unanswered = new Set<{ readonly line: string }>();
  /** One write of the history after another, so that the last one stays. */
  #saving: Promise<void> = Promise.resolve();

  constructor(parts: ConsoleParts) {
    this.#parts = parts;
    this.#interactive = parts.input.isTTY === true && parts.output.isTTY === true;
    this.#status = { state: 'stopped', since: parts.clock.now() };
  }

  async start(handler: ChatHandler): Promise<void> {
    this.#handler = handler;
    const { input, output, clock } = this.#parts;
    this.#readline = createInterface({
      input,
      ...(this.#interactive ? { output } : {}),
      terminal: this.#interactive,
      prompt,
      history: await this.#loadHistory(),
      historySize: historyLines,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        void this.#complete(line).then((result) => done(null, result));
      },
    });
    this.#status = { state: 'ready', since: clock.now() };
    let lines = 0;
    this.#readline.on('line', (line) => {
      lines += 1;
      if (this.#interactive) void this.#onLine(line, handler);
      else this.#turn = this.#turn.then(() => this.#onLine(line, handler));
    });
    this.#readline.on('history', (history: string[]) => {
      this.#history = history;
    });
    this.#readline.on('SIGINT', () => this.#parts.onLeave());
    this.#readline.on('close', () => {
      if (this.#status.state === 'stopped') return;
      // A service manager starts the desk with an empty input: then there is nobody to leave.
      if (this.#interactive || lines > 0) void this.#turn.then(() => this.#parts.onLeave());
    });
    this.#prompt();
  }

  async stop(): Promise<void> {
    await this.#turn;
    this.#status = { state: 'stopped', since: this.#parts.clock.now() };
    this.#readline?.close();
    await this.#saving;
  }

  status(): PlatformStatus {
    return this.#status;
  }

  async post(_address: unknown, message: Message): Promise<MessageRef> {
    const { clock, times } = this.#parts;
    await this.#print({
      ...message,
      title: `${times().timeOfDay(clock.now())}  ${message.title ?? ''}`.trimEnd(),
    });
    return { platform: 'console', chat: chat.id, message: String(this.#messages) };
  }

  /** What a terminal printed stays: the new state is printed after it. */
  async edit(_ref: MessageRef, message: Message): Promise<void> {
    await this.post(undefined, message);
  }

  async #onLine(line: string, handler: ChatHandler): Promise<void> {
    const text = line.trim();
    if (text === '') return this.#prompt();
    this.#replaceable = undefined;
    const asked = { line };
    this.#unanswered.add(asked);
    const incoming = { user: consoleUser, chat, sentAt: this.#parts.clock.now() };
    const { responder, settled } = this.#responder(line);
    const question = this.#question;
    this.#question = undefined;
    const button = question ? answerButton(text, question) : numberedButton(text, this.#buttons);
    this.#isAwaited = false;
    if (button) await handler.onPress({ ...incoming, buttonId: button.id }, responder);
    else {
      const input = { kind: 'typed', text: question ? text : withSlash(text) } as const;
      await handler.onCommand({ ...incoming, input, files: filesOfTerminal }, responder);
    }
    await settled();
    if (mayHoldSecret(text)) this.#forget(line);
    this.#unanswered.delete(asked);
    if (this.#interactive) this.#saveHistory();
    this.#prompt();
  }

  #forget(line: string): void {
    for (let at = this.#history.indexOf(line); at >= 0; at = this.#history.indexOf(line))
      this.#history.splice(at, 1);
  }

  /** On a terminal each message replaces the one before; a pipe only gets the last. */
  #responder(line: string): { responder: Responder; settled: () => Promise<void> } {
    let last: Message | undefined;
    const responder: Responder = {
      acknowledge: async () => undefined,
      show: async (message) => {
        last = message;
        const { question, buttons = [] } = message;
        this.#question = question && { buttons, choices: question.choices };
        if (this.#interactive) await this.#print(message, { answers: true, by: responder });
      },
      refuse: async (message) => {
        last = message;
        if (this.#interactive) await this.#print(message, { answers: true });
      },
      ...(this.#interactive && {
        removeAsked: async () => {
          this.#forget(line);
          return true;
        },
      }),
    };
    const settled = async () => {
      if (!this.#interactive && last) await this.#print(last, { answers: true });
    };
    return { responder, settled };
  }

  async #print(
    message: Message,
    { answers = false, by }: { readonly answers?: boolean; readonly by?: Responder } = {},
  ): Promise<void> {
    const { output, color } = this.#parts;
    const paths = await saveAttachments(message, this.#parts);
    const text = renderMessage(message, { color }, { paths, firstButton: this.#offer(message, answers) });
    this.#messages += 1;
    if (!this.#interactive) {
      output.write(`${text}\n\n`);
      return;
    }
    this.#clearPrompt();
    if (by && this.#replaceable?.by === by) moveCursor(output, 0, -this.#replaceable.lines);
    output.write(`\r\u001b[0J${text}\n\n`);
    this.#replaceable = by && { by, lines: this.#height(text) + 1 };
    this.#prompt();
  }

  /** The number of its first button. */
  #offer({ buttons = [] }: Message, answers: boolean): number {
    if (buttons.length === 0) return 1;
    const before = this.#isAwaited && !answers ? this.#buttons : [];
    this.#buttons = [...before, ...buttons];
    this.#isAwaited ||= answers;
    return before.length + 1;
  }

  async #complete(line: string): Promise<[string[], string]> {
    const completion = completionOf(line, this.#parts.commands);
    if (completion.kind === 'words')
      return [startingWith(completion.candidates, completion.typed), completion.typed];
    if (completion.kind === 'path') return [await pathsLike(completion.typed), completion.typed];
    const { command, option, typed, given, names } = completion;
    const choices =
      (await this.#handler?.onCompletion({
        user: consoleUser,
        chat,
        sentAt: this.#parts.clock.now(),
        command,
        option,
        value: typed,
        given,
      })) ?? [];
    const values = choices.map(({ value }) => String(value));
    // Values in any case; names of options as they are written, so that "S" completes to SP500 and not to source=.
    return [[...startingWith(values, typed), ...names.filter((name) => name.startsWith(typed))], typed];
  }

  async #loadHistory(): Promise<string[]> {
    try {
      return (await readFile(this.#parts.historyFile, 'utf8')).split('\n').filter((line) => line !== '');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#parts.log.warn({ err: error }, 'the history of the console could not be read');
      }
      return [];
    }
  }

  #saveHistory(): void {
    const unanswered = new Set([...this.#unanswered].map(({ line }) => line));
    const lines = this.#history.filter((line) => !unanswered.has(line));
    this.#saving = this.#saving
      .then(() => writeFile(this.#parts.historyFile, `${lines.join('\n')}\n`, { mode: 0o600 }))
      .catch((error: unknown) => {
        this.#parts.log.warn({ err: error }, 'the history of the console could not be saved');
      });
  }

  #prompt(): void {
    if (this.#interactive && this.#status.state === 'ready') this.#readline?.prompt(true);
  }

  #clearPrompt(): void {
    this.#parts.output.write('\r\u001b[0J');
  }

  /** Lines that the text takes on this terminal, wrapped ones counted. */
  #height(text: string): number {
    const columns = this.#parts.output.columns ?? 80;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: style codes take no room.
    const lines = text.replace(/\u001b\[\d+m/g, '').split('\n');
    return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
  }
}

/** Prints one message without a prompt, for a command that is run from the shell. */
export async function printMessage(
  message: Message,
  parts: Pick<ConsoleParts, 'output' | 'color' | 'attachmentsFolder' | 'clock' | 'log'>,
): Promise<void> {
  const paths = await saveAttachments(message, parts);
  parts.output.write(`${renderMessage(message, { color: parts.color }, { paths, firstButton: 1 })}\n`);
}

/** Their paths; when the disk refuses, the message is still shown, and says so. */
async function saveAttachments(
  { attachments = [] }: Message,
  { attachmentsFolder, clock, log }: Pick<ConsoleParts, 'attachmentsFolder' | 'clock' | 'log'>,
): Promise<string[]> {
  if (attachments.length === 0) return [];
  try {
    await mkdir(attachmentsFolder, { recursive: true });
    const at = clock.now().toISOString().slice(0, 23).replaceAll(':', '-').replace('.', '-');
    return await Promise.all(
      attachments.map(async ({ name, data }) => {
        const path = join(attachmentsFolder, `${at}-${name.replace(/[^A-Za-z0-9._-]/g, '_')}`);
        await writeFile(path, data);
        return relative(process.cwd(), path);
      }),
    );
  } catch (error) {
    log.error({ err: error }, 'attachments could not be saved');
    const names = attachments.map(({ name }) => name).join(', ');
    return [`nothing of ${names}: ${reasonOf(error)}`];
  }
}

function numberedButton(text: string, buttons: readonly MessageButton[]): MessageButton | undefined {
  return /^\d+$/.test(text) ? buttons[Number(text) - 1] : undefined;
}

/** Choices are named by their number; what is beside them by its word, because the answer itself may be a number. */
function answerButton(
  text: string,
  { buttons, choices }: { readonly buttons: readonly MessageButton[]; readonly choices: number },
): MessageButton | undefined {
  const word = text.toLowerCase();
  const named = buttons.slice(choices).find(({ label }) => label.toLowerCase().split(' ')[0] === word);
  return named ?? numberedButton(text, buttons.slice(0, choices));
}

/** At a terminal the slash may be left out. */
function withSlash(text: string): string {
  return text.startsWith('/') ? text : `/${text}`;
}

function startingWith(candidates: readonly string[], typed: string): string[] {
  return candidates.filter((candidate) => candidate.toLowerCase().startsWith(typed.toLowerCase()));
}
