/**
 * The line to TWS: whether it is ready, why not, and the connection of the moment.
 *
 * Ready means that TWS gave an order id, that it has its servers, that the account is the one we were told, and that what
 * happened while we were away was read. It is asked every few seconds whether it is there; when it does not say, the
 * connection is given up, whatever the socket says. What is broken is opened again with growing pauses, for ever.
 */
import type { Clock } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { wallClockOf } from '../../market/wall-clock.ts';
import type { BrokerStatus } from '../broker.ts';
import { foundServers, lostServers, NoAnswer } from './codes.ts';
import type { QuietTimes } from './quiet.ts';
import type { SessionNews } from './session.ts';
import { NoSession, Session } from './session.ts';
import type { IbSettings } from './settings.ts';
import type { Standby } from './standby.ts';

export interface LineParts {
  readonly name: string;
  readonly settings: IbSettings;
  readonly quiet: QuietTimes;
  readonly standby: Standby;
  readonly clock: Clock;
  readonly log: Logger;
  /** Reads what happened meanwhile; without it nothing is ready. */
  readonly catchUp: (session: Session) => Promise<void>;
  /** Done with every heartbeat while it is ready. */
  readonly beat: (session: Session) => Promise<void>;
  readonly onNews: (news: SessionNews) => void;
  /** TWS sent what cannot be read, and the connection was given up for that. */
  readonly onUnreadable: (why: string) => void;
  readonly onStatus: (status: BrokerStatus) => void;
}

const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** Its port is closed until somebody logs in: it is asked for now and then. */
const loginPauseMs = 5000;

export class Line {
  readonly #parts: LineParts;
  #status: BrokerStatus;
  #session: Session | undefined;
  #account: string | undefined;
  #running: Promise<void> | undefined;
  #stopped = true;
  #hasServers = true;
  /** When it was ready last, here or in a desk that this one stands by, by our clock; undefined before it ever was. */
  #lostAt: Date | undefined;
  #wake: (() => void) | undefined;
  #woken = false;

  constructor(parts: LineParts) {
    this.#parts = parts;
    this.#status = { state: 'down', since: parts.clock.now(), why: 'not connected yet' };
  }

  status(): BrokerStatus {
    return this.#status;
  }

  /** @throws NoAnswer before TWS was ever reached */
  get account(): string {
    if (this.#account === undefined) throw new NoAnswer(this.#notReady());
    return this.#account;
  }

  /** Resolves after the first attempt. */
  async connect(): Promise<void> {
    if (this.#running) {
      this.#wakeUp();
      return;
    }
    this.#stopped = false;
    this.#become('connecting', 'connecting to TWS');
    await new Promise<void>((attempted) => {
      this.#running = this.#run(attempted);
    });
  }

  async disconnect(): Promise<void> {
    this.#stopped = true;
    this.#session?.close('The desk disconnected.');
    this.#wakeUp();
    await this.#running;
    this.#running = undefined;
    this.#become('down', 'disconnected by the desk');
  }

  /** Tries now, whatever the pause. */
  trySoon(): void {
    if (this.#status.state !== 'ready') this.#wakeUp();
  }

  /** The connection, where one is there that has the servers behind it. @throws NoAnswer */
  open(): Session {
    const session = this.#session;
    if (session?.isOpen && this.#hasServers) return session;
    throw new NoAnswer(this.#notReady());
  }

  async #run(attempted: () => void): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!this.#stopped) {
      const outcome = await this.#attempt();
      attempted();
      if (this.#stopped) return;
      if (outcome === 'ready') {
        pauseMs = firstPauseMs;
        await this.#stayReady();
        continue;
      }
      await this.#pause(outcome === 'refused' ? Math.max(pauseMs, this.#refusedPauseMs()) : pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  #refusedPauseMs(): number {
    return this.#status.state === 'needs-login' ? loginPauseMs : 0;
  }

  /** Everything that ready means. */
  async #attempt(): Promise<'ready' | 'refused' | 'failed'> {
    const { settings, log, onNews, onUnreadable, catchUp, name, standby } = this.#parts;
    const { host, port, clientId, timeoutSeconds } = settings;
    let session = this.#session;
    try {
      if (!session?.isOpen) {
        this.#hasServers = true;
        session = await Session.open({
          ...{ host, port, clientId, log, onUnreadable },
          timeoutMs: timeoutSeconds * 1000,
          onNews: (news) => {
            this.#onMessage(news);
            onNews(news);
          },
        });
        this.#session = session;
        void session.ended.then((why) => this.#lost(why));
      }
      if (this.#stopped) {
        session.close('The desk disconnected.');
        return 'failed';
      }
      const wrong = this.#choose(session.accounts);
      if (wrong !== undefined) {
        session.close(wrong);
        this.#become('down', wrong);
        return 'failed';
      }
      await session.ping();
      if (!this.#hasServers) return this.#failed('TWS has no connection to Interactive Brokers.');
      await catchUp(session);
      await standby.beat();
      if (!session.isOpen || !this.#hasServers) return this.#failed('TWS was lost again at once.');
      this.#lostAt = undefined;
      this.#showReady();
      return 'ready';
    } catch (error) {
      if (!(error instanceof NoSession)) {
        log.warn({ broker: name, error: reasonOf(error) }, 'TWS could not be used');
        return this.#failed(`TWS does not answer as it should: ${reasonOf(error)}.`);
      }
      if (error.kind === 'taken') {
        await this.#taken(error.message);
        return 'failed';
      }
      if (error.kind === 'refused') return this.#refused();
      return this.#failed(error.message);
    }
  }

  /** Why the login's accounts are not what the settings say; else its account is known. */
  #choose(accounts: readonly string[]): string | undefined {
    const { account, live } = this.#parts.settings;
    const [first] = accounts;
    const chosen = account ?? (accounts.length === 1 ? first : undefined);
    const list = accounts.join(', ');
    if (chosen === undefined)
      return `The login has the accounts ${list}: say in desk.yaml which account to trade.`;
    if (!accounts.includes(chosen)) return `The login has no account ${chosen}, only ${list}.`;
    if (!chosen.startsWith('D') && !live) {
      return `${chosen} is an account with real money: say "live: true" in desk.yaml to trade it.`;
    }
    this.#account = chosen;
    return undefined;
  }

  /** Nobody listens: TWS is not there, or waits for its login. */
  #refused(): 'refused' {
    const { host, port, launch } = this.#parts.settings;
    const { name } = this.#parts;
    const how = launch ? `/broker connect ${name} starts it, then log in` : 'start it and log in';
    const why = `Nobody listens at ${host}:${port}. TWS or IB Gateway is not running, or waits for its login: ${how}.`;
    this.#becomeAway('needs-login', why);
    return 'refused';
  }

  /** By another desk on this store, which is as it should be, or by a program that nobody knows. */
  async #taken(why: string): Promise<void> {
    const { standby, settings, log, name } = this.#parts;
    const elsewhere = await standby.isElsewhere().catch((error: unknown) => {
      log.warn({ broker: name, error: reasonOf(error) }, 'who has the line could not be read');
      return false;
    });
    if (!elsewhere) {
      // After a restart another desk may have been faster, and says so when it has caught up.
      this.#becomeAway('down', `${why} Give one of them another clientId, or close the other.`);
      return;
    }
    this.#lostAt = this.#parts.clock.now();
    const client = `client ${settings.clientId}`;
    this.#become(
      'connecting',
      `Another desk on this store is connected to TWS as ${client} and trades there; this one stands by.`,
      { elsewhere },
    );
  }

  #failed(why: string): 'failed' {
    this.#becomeAway('down', why);
    return 'failed';
  }

  #lost(why: string): void {
    if (this.#stopped) return;
    if (this.#status.state === 'ready') {
      this.#lostAt = this.#parts.clock.now();
      this.#becomeAway('down', why);
    }
    this.#wakeUp();
  }

  #onMessage(news: SessionNews): void {
    if (news.is !== 'message') return;
    if (lostServers.includes(news.code)) {
      if (!this.#hasServers) return;
      this.#hasServers = false;
      this.#lostAt ??= this.#parts.clock.now();
      this.#becomeAway('down', 'TWS has lost the servers of Interactive Brokers.');
      this.#wakeUp();
    } else if (foundServers.includes(news.code)) {
      this.#hasServers = true;
      this.#wakeUp();
    }
  }

  /** Returns when it is not ready any more. */
  async #stayReady(): Promise<void> {
    const { settings, beat, log, name, standby } = this.#parts;
    for (;;) {
      await this.#pause(settings.heartbeatSeconds * 1000);
      const session = this.#session;
      if (this.#stopped || !session?.isOpen || !this.#hasServers) return;
      this.#showReady();
      try {
        await session.ping();
        await standby.beat();
        await beat(session);
      } catch (error) {
        if (!session.isOpen || !this.#hasServers) return;
        log.warn({ broker: name, error: reasonOf(error) }, 'TWS could not be asked for the orders');
      }
    }
  }

  /** Ready, or connected in a time in which nothing is to be sent. */
  #showReady(): void {
    const until = this.#parts.quiet.until(this.#parts.clock.now());
    if (until === undefined) this.#become('ready');
    else this.#become('connecting', this.#quietWords(until));
  }

  /** Gone, as long as it is not gone for too long or in the night: then it is only being connected. */
  #becomeAway(state: 'down' | 'needs-login', why: string): void {
    const now = this.#parts.clock.now();
    const until = this.#parts.quiet.until(now);
    if (until !== undefined) return void this.#become('connecting', this.#quietWords(until));
    const patienceMs = this.#parts.settings.patienceSeconds * 1000;
    const patient = this.#lostAt !== undefined && now.getTime() - this.#lostAt.getTime() < patienceMs;
    this.#become(patient ? 'connecting' : state, patient ? 'TWS is gone; it is being looked for.' : why);
  }

  #quietWords(until: Date): string {
    const { timezone } = this.#parts.settings.quiet;
    const time = new Date(wallClockOf(until.getTime(), timezone)).toISOString().slice(11, 16);
    return `Interactive Brokers restarts its servers until ${time} ${timezone}; orders wait until then.`;
  }

  #notReady(): string {
    return `TWS cannot be asked: ${this.#status.why ?? this.#status.state}`;
  }

  #pause(ms: number): Promise<void> {
    if (this.#woken || this.#stopped) {
      this.#woken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        this.#woken = false;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  #wakeUp(): void {
    this.#woken = true;
    this.#wake?.();
  }

  #become(
    state: BrokerStatus['state'],
    why?: string,
    { elsewhere = false }: { readonly elsewhere?: boolean } = {},
  ): void {
    if (this.#status.state === state && this.#status.why === why) return;
    const since = this.#status.state === state ? this.#status.since : this.#parts.clock.now();
    this.#status = { state, since, ...(why !== undefined && { why }), ...(elsewhere && { elsewhere }) };
    this.#parts.onStatus(this.#status);
  }
}
