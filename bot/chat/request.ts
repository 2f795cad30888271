/** One request of one person: acknowledged once, answered, and written to the audit with what became of it. */
import { randomBytes } from 'node:crypto';
import type { Caller, CommandContext, Host } from '../../commands/command.ts';
import type { Asker } from '../../commands/running.ts';
import { Times } from '../../commands/times.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Desk } from '../../engine/desk.ts';
import type { Audit, AuditOutcome } from './audit.ts';
import type {
  IncomingCommand,
  IncomingCompletion,
  IncomingForm,
  IncomingPress,
  Message,
  Placement,
  Responder,
} from './platform.ts';

/** What a person can send that is answered. */
export type Origin = IncomingCommand | IncomingPress | IncomingForm;

export interface RequestParts {
  readonly audit: Audit;
  readonly desk: Desk;
  readonly host: Host;
  readonly clock: Clock;
}

/** One request, known to come from this person, with everything that answering and auditing it needs. */
export class ChatRequest {
  readonly from: Origin;
  readonly caller: Caller;
  readonly responder: Responder;
  /** The command as it was understood, once it is. */
  asked: string | undefined;
  readonly #parts: RequestParts;
  readonly #startedAt: number;
  #acknowledged = false;

  constructor(
    { from, caller, responder, startedAt }: Pick<ChatRequest, 'from' | 'caller' | 'responder'> & Started,
    parts: RequestParts,
  ) {
    this.from = from;
    this.caller = caller;
    this.responder = responder;
    this.#startedAt = startedAt;
    this.#parts = parts;
  }

  async acknowledge(placement: Placement): Promise<void> {
    if (this.#acknowledged) return;
    this.#acknowledged = true;
    await this.responder.acknowledge(placement);
  }

  async show(message: Message, placement: Placement = 'everyone'): Promise<void> {
    await this.acknowledge(placement);
    await this.responder.show(message);
  }

  audit(command: string, outcome: AuditOutcome, reason: string | null): Promise<void> {
    const { from, caller } = this;
    const asked = { from, caller: caller.name, startedAt: this.#startedAt };
    return writeAudit(this.#parts.audit, asked, command, outcome, reason);
  }

  /** What a command is told of who asks; without a name and a signal it is only to look. */
  context(name = newName(), signal = new AbortController().signal): CommandContext {
    return contextOf(this.#parts, this.caller, this.from, name, signal);
  }
}

interface Started {
  /** By `performance.now()`. */
  readonly startedAt: number;
}

export function writeAudit(
  audit: Audit,
  { from, caller, startedAt }: { readonly from: Origin; readonly caller: string | null } & Started,
  command: string,
  outcome: AuditOutcome,
  reason: string | null,
): Promise<void> {
  const { platform, id } = from.user;
  return audit.record({
    ...{ platform, user: id, caller, chat: from.chat.id, command, outcome, reason },
    durationMs: Math.round(performance.now() - startedAt),
  });
}

export function contextOf(
  { desk, host, clock }: Omit<RequestParts, 'audit'>,
  caller: Caller,
  { user, chat }: Origin | IncomingCompletion,
  request = newName(),
  signal = new AbortController().signal,
): CommandContext {
  const asker: Asker = { ...user, chat };
  const reader = { person: caller.name, chat: host.notices.chatOf(asker) };
  const times = new Times(host.zones.forReader(reader), clock);
  return { desk, host, caller, asker, times, request, signal };
}

/** What was asked for has a name, which is its own. */
export function newName(): string {
  return randomBytes(12).toString('base64url');
}
