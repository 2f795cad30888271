/**
 * What the user is told about an event, and which message of theirs it continues. Where money is concerned the account
 * stands in the title, with PAPER where none is at stake.
 */
import {
  block,
  bold,
  type CommandButton,
  code,
  type Field,
  type Reply,
  type RichText,
  rich,
} from '../../commands/reply.ts';
import type { DeskEvent, ToldCapital, ToldFill } from '../../engine/events.ts';
import { decimal, Money } from '../../engine/money.ts';

export interface Announcement {
  readonly content: Reply;
  /** Events with the same subject are one message, edited as things go on. */
  readonly subject: string | null;
}

/** What the words need beside the event. */
export interface Telling {
  /** How an account is named where people read it. */
  accountText(broker: string): string;
  /** The broker at which a book trades; undefined for a book that is not there any more. */
  accountOf(book: string): string | undefined;
}

export function announce(event: DeskEvent, telling: Telling): Announcement {
  return { content: contentOf(event, telling), subject: subjectOf(event) };
}

function subjectOf(event: DeskEvent): string | null {
  switch (event.type) {
    case 'signal.received':
    case 'signal.waiting':
    case 'signal.refused':
    case 'signal.done':
    case 'signal.failed':
      return event.signal;
    case 'run.finished':
    case 'run.sent':
    case 'run.failed':
      return event.run;
    case 'operation.stuck':
    case 'operation.ended':
      return event.operation;
    case 'difference.found':
    case 'difference.resolved':
      return event.difference;
    default:
      return null;
  }
}

function contentOf(event: DeskEvent, telling: Telling): Reply {
  const at = (place: Place) => placeText(place, telling);
  switch (event.type) {
    case 'desk.started':
      return {
        title: `Desk ${event.environment} is up`,
        text: [`Outcry ${event.version}. Type /status or /help.`],
      };
    case 'desk.stopping':
      return {
        tone: 'warning',
        title: `Desk ${event.environment} is stopping`,
        text: rich`By ${event.by}. ${event.restarts ? 'It starts anew, and says so when it is up.' : 'It stays down until somebody at the machine starts it.'}`,
      };
    case 'desk.changed':
      return {
        tone: 'warning',
        title: 'The desk was changed',
        text: rich`${event.text}.
By ${event.by}.`,
      };
    case 'command.waiting':
      return {
        tone: 'warning',
        title: 'A command waits for a second person',
        text: rich`${bold(event.line)}\n${event.by} has confirmed it. Somebody else must, too, within ${event.withinMinutes} minutes; else nothing is done.`,
        buttons: [{ label: 'Look at it', style: 'primary', command: event.command, options: event.options }],
      };
    case 'signal.received':
      return { title: `Signal for ${event.book}: received${at(event)}`, text: rich`${event.summary}` };
    case 'signal.refused':
      return {
        tone: 'warning',
        title: `Signal for ${event.book}: refused${at(event)}`,
        text: rich`${event.summary}\nNothing was traded: ${event.reason}`,
        ...replayButton(event),
      };
    case 'signal.failed':
      return {
        tone: 'danger',
        title: `Signal for ${event.book}: failed${at(event)}`,
        text: rich`${event.summary}\n${event.reason}`,
        ...replayButton(event),
      };
    case 'signal.done':
      return {
        tone: 'success',
        title: `Signal for ${event.book}: done${at(event)}`,
        text: [...rich`${event.summary}`, ...fillLines(event.fills)],
        fields: capitalFields(event.capital),
      };
    case 'trade.ended':
      return {
        tone: event.fills.length > 0 ? 'success' : 'warning',
        title: `Trade by ${event.by} for ${event.book}${at(event)}`,
        text: [
          ...rich`${event.summary}`,
          ...(event.fills.length > 0 ? fillLines(event.fills) : ['\nNothing was traded.']),
          ...(event.reason === null ? [] : rich`\n${event.reason}`),
        ],
        fields: capitalFields(event.capital),
      };
    case 'signal.waiting':
      return {
        tone: 'warning',
        title: `Signal for ${event.book}: waits for approval${at(event)}`,
        text: rich`${event.summary}\n${event.reason}`,
        buttons: [
          signalButton('Approve', 'approve', event.signal),
          signalButton('Reject', 'reject', event.signal),
        ],
      };
    case 'signal.silence':
      return {
        tone: 'warning',
        title: `${event.book} hears no signals${at(event)}`,
        text: rich`${event.reason}`,
      };
    case 'signal.heard':
      return {
        tone: 'success',
        title: `${event.book} hears signals again${at(event)}`,
        text: rich`${event.reason}`,
      };
    case 'signal.storm':
      return {
        tone: 'warning',
        title: `${event.book} hears very many signals${at(event)}`,
        text: rich`${event.reason}`,
      };
    case 'operation.stuck':
      return {
        tone: 'danger',
        title: `An operation of ${event.book} is stuck${at(event)}`,
        text: rich`${event.summary}\n${event.reason}\nIt is tried again until it works, or until somebody ends it.`,
        buttons: [operationButton('Show it', event.operation)],
      };
    case 'operation.ended':
      return {
        tone: 'warning',
        title: `An operation of ${event.book} was given up${at(event)}`,
        text: [
          ...rich`${event.summary}\nGiven up by ${event.by}: ${event.reason}`,
          ...(event.fills.length === 0 ? ['\nNothing of it was traded.'] : fillLines(event.fills)),
          ...noteLines(event.left),
        ],
      };
    case 'order.filled':
      return {
        tone: 'success',
        title: `Resting order of ${event.book} was filled${at(event)}`,
        text: fillLines(event.fills),
        fields: capitalFields(event.capital),
      };
    case 'order.todo':
      return {
        tone: 'warning',
        title: `Please place an order at ${telling.accountText(event.account)}`,
        text: rich`${event.text}`,
      };
    case 'difference.found':
      return {
        tone: 'danger',
        title: `${telling.accountText(event.account)} differs from the books`,
        text: rich`${event.text}\n${event.blocks ? 'No entries are made there until it is resolved; exits go on.' : 'Trading goes on.'}`,
      };
    case 'difference.resolved':
      return {
        tone: 'success',
        title: `${telling.accountText(event.account)}: a difference is resolved`,
        text: rich`${event.text}\nBy ${event.by}.`,
      };
    case 'limit.hit':
      return {
        tone: 'warning',
        title: `${event.book} has reached a limit: ${event.limit}${at(event)}`,
        text: rich`${event.reason}\nNo entries are made; exits go on.`,
      };
    case 'ledger.wrong':
      return {
        tone: 'danger',
        title: 'The books do not balance',
        text: rich`${event.reason}`,
      };
    case 'bars.corrected':
      return {
        tone: 'warning',
        title: `${event.source} has corrected ${event.symbols.length === 1 ? event.symbols[0] : `${event.symbols.length} symbols`}`,
        text: [
          `${event.prices} ${event.prices === 1 ? 'price' : 'prices'} of ${event.interval} bars that were kept ${event.prices === 1 ? 'is' : 'are'} another now. The corrected ones are used from now on.`,
          ...event.largest.map(
            ({ symbol, at, column, before, now }) =>
              `\n${symbol} ${at.replace('T00:00:00.000Z', '')}, ${column}: ${before} is now ${now}`,
          ),
        ],
      };
    case 'order.unknown':
      return {
        tone: 'danger',
        title: `Order of ${event.book}: outcome unknown${at(event)}`,
        text: rich`${event.reason}\nIt is not sent again. Look at the broker: order ${bold(event.order)}.`,
      };
    case 'run.finished':
      return {
        tone: event.waiting > 0 ? 'warning' : 'success',
        title: `Plan ${event.plan}: run finished${at(event)}`,
        text: [
          event.newOrders > 0
            ? `New orders sent: ${event.newOrders}.`
            : event.waiting > 0
              ? `New orders: ${event.waiting}, none of them was sent yet.`
              : 'No orders were sent.',
          ...fillLines(event.fills),
          ...noteLines(event.notes),
        ],
        fields: capitalFields(event.capital),
        ...(event.waiting > 0 && {
          buttons: [planButton('Send when ready', 'send', event.plan)],
        }),
      };
    case 'run.sent':
      return {
        tone: event.givenUp > 0 ? 'warning' : 'success',
        title: `Plan ${event.plan}: orders that waited${at(event)}`,
        text: [
          `Sent: ${event.sent}. Given up: ${event.givenUp}.`,
          ...fillLines(event.fills),
          ...noteLines(event.notes),
        ],
        fields: capitalFields(event.capital),
      };
    case 'run.skipped':
      return {
        tone: 'warning',
        title: `Plan ${event.plan}: missed`,
        text: rich`${event.reason}\nNothing was sent for it.`,
        buttons: [planButton('Run now', 'run', event.plan)],
      };
    case 'run.stopped':
      return {
        tone: 'danger',
        title: `Plan ${event.plan} has stopped`,
        text: rich`${event.reason}\nIt runs no more until it is enabled; what ${event.book} holds stays as it is.`,
        buttons: [planButton('Log', 'log', event.plan), planButton('Enable', 'enable', event.plan)],
      };
    case 'run.failed':
      return {
        tone: 'danger',
        title: `Plan ${event.plan}: run failed`,
        text: rich`No orders were sent. ${event.reason}`,
      };
    case 'task.finished':
      return {
        tone: 'success',
        title: `Task ${event.task}: done`,
        text: event.output === '' ? [] : [block(event.output)],
      };
    case 'task.failed':
      return {
        tone: event.state === 'failed' ? 'danger' : 'warning',
        title: `Task ${event.task}: ${event.state}`,
        text: [...rich`${event.reason}`, ...(event.output === '' ? [] : [block(event.output)])],
        buttons: [{ label: 'Run now', command: ['task', 'run'], options: { task: event.task } }],
      };
    case 'broker.down':
      return {
        tone: 'danger',
        title: `Broker ${telling.accountText(event.broker)} is down`,
        text: rich`${event.reason}\n${waitingText(event.waiting)}Nothing trades there until it is back.`,
        buttons: [{ label: 'Connect', command: ['broker', 'connect'], options: { broker: event.broker } }],
      };
    case 'broker.blind':
      return {
        tone: 'danger',
        title: `Blind at ${telling.accountText(event.broker)} for ${event.minutes} minutes`,
        text: rich`The market is open and the desk does not see it: it can neither trade nor stop a loss there. ${event.reason}`,
        buttons: [{ label: 'Connect', command: ['broker', 'connect'], options: { broker: event.broker } }],
      };
    case 'broker.contract': {
      const { broker, symbol, choices } = event;
      const list = choices.map((choice) => `${choice.symbol}: ${choice.name}`).join('\n');
      return {
        tone: 'warning',
        title: `Which ${symbol} is meant at ${telling.accountText(broker)}?`,
        text: rich`${list}\nWhat waits for it goes on when you have chosen, as long as it is fresh; the desk keeps your answer.`,
        buttons: choices.slice(0, 5).map((choice) => ({
          label: choice.symbol,
          command: ['broker', 'contract'],
          options: { broker, symbol, contract: choice.symbol },
        })),
      };
    }
    case 'broker.notice':
      return { tone: 'warning', title: telling.accountText(event.broker), text: rich`${event.text}` };
    case 'broker.login':
      return {
        tone: 'danger',
        title: `Broker ${telling.accountText(event.broker)} needs a login`,
        text: rich`${event.reason}\n${waitingText(event.waiting)}Nothing trades there until then.`,
        buttons: [
          {
            label: 'Connect',
            style: 'primary',
            command: ['broker', 'connect'],
            options: { broker: event.broker },
          },
        ],
      };
    case 'broker.back':
      return {
        tone: 'success',
        title: `Broker ${telling.accountText(event.broker)} is back`,
        text: ['It is compared with the books, then trading goes on there.'],
      };
    case 'suspended':
      return {
        tone: 'warning',
        title: `${event.book ?? 'The whole desk'} is suspended: ${event.scope === 'all' ? 'no entries, no exits' : 'no entries'}${at(event)}`,
        text: rich`By ${event.by}${event.reason === '' ? '' : `: ${event.reason}`}. /resume ends it.`,
      };
    case 'resumed':
      return {
        tone: 'success',
        title: `${event.book ?? 'The whole desk'} trades again${at(event)}`,
        text: [`By ${event.by}.`],
      };
    case 'mail.refused':
      return {
        tone: 'warning',
        title: `E-mail to ${event.address} does not get there`,
        text: rich`${event.reason}.\nThis is said once, until a mail gets there again. Check the address: ${code('/mail test')}.`,
      };
    case 'threads.refused':
      return {
        tone: 'warning',
        title: `No threads in ${event.chat}`,
        text: rich`${event.reason}.\nUntil then it is told everything in the chat itself. ${code('/notify threads off')} there ends this.`,
      };
    case 'access.refused':
      return {
        tone: 'warning',
        title:
          event.attempts === 1 ? 'Somebody was turned away' : `${event.attempts} attempts were turned away`,
        text: rich`Latest: ${event.latest}`,
      };
  }
}

function waitingText(count: number): string {
  if (count === 0) return '';
  return count === 1 ? '1 order waits for it. ' : `${count} orders wait for it. `;
}

type Place = { readonly account: string } | { readonly book: string | null };

/** `, PAPER`: how the title of a reply ends, too. Nothing where there is no account. */
function placeText(place: Place, { accountText, accountOf }: Telling): string {
  if ('account' in place) return `, ${accountText(place.account)}`;
  const broker = place.book === null ? undefined : accountOf(place.book);
  return broker === undefined ? '' : `, ${accountText(broker)}`;
}

/** To the last digit: this is the receipt. */
function fillLines(fills: readonly ToldFill[]): RichText {
  return fills.flatMap(({ side, quantity, symbol, price, currency, fee, feeCurrency }) => [
    '\n',
    ...rich`${side === 'buy' ? 'Bought' : 'Sold'} ${bold(`${quantity} ${symbol}`)} at ${bold(price)} ${currency}, fee ${fee} ${feeCurrency}`,
  ]);
}

function noteLines(notes: readonly string[]): RichText {
  return notes.flatMap((note) => ['\n', note]);
}

function operationButton(label: string, operation: string): CommandButton {
  return { label, command: ['operation', 'show'], options: { operation } };
}

function planButton(label: string, word: string, plan: string): CommandButton {
  return { label, command: ['plan', word], options: { plan } };
}

function capitalFields({ cash, equity, currency }: ToldCapital): readonly Field[] {
  return [
    { name: 'Cash', value: new Money(decimal(cash), currency).format() },
    { name: 'Capital', value: new Money(decimal(equity), currency).format() },
  ];
}

function replayButton({
  signal,
  replayable,
}: {
  readonly signal: string;
  readonly replayable?: true;
}): Pick<Reply, 'buttons'> {
  if (!replayable) return {};
  return {
    buttons: [{ label: 'Decide it once more', command: ['signal', 'replay'], options: { id: signal } }],
  };
}

function signalButton(label: string, word: 'approve' | 'reject', signal: string): CommandButton {
  const style = word === 'approve' ? 'primary' : 'danger';
  return { label, style, command: ['signal', word], options: { id: signal } };
}
