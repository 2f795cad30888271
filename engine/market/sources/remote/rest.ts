/**
 * Questions to a data vendor over HTTP, as every vendor needs them: not too often, with a time limit, again after a fault
 * that passes, and with one clear line when nothing comes of it. All of them only read, so asking again does no harm.
 */
import type { z } from 'zod';
import type { Clock } from '../../../clock.ts';
import { reasonOf } from '../../../errors.ts';
import type { Logger } from '../../../log.ts';
import type { Fetch, Network } from '../adapter.ts';
import { type Limit, Pace } from './pace.ts';
import { throughProxy } from './proxy.ts';
import { type RefusalKind, VendorRefusal } from './refusal.ts';

/** An answer as it came: JSON where it is some, else text. */
export interface Answer {
  readonly status: number;
  readonly json: unknown;
  readonly text: string;
}

/** What an answer means, where it is no data. The text is the vendor's. */
export interface Verdict {
  readonly kind: RefusalKind;
  readonly text: string;
}

export interface RestOptions {
  /** Of the source, as in `desk.yaml`. */
  readonly name: string;
  /** As people know it: `Tiingo`. */
  readonly vendor: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent with every question. */
  readonly query?: Readonly<Record<string, string>>;
  /** Left out of every message. */
  readonly secrets: readonly string[];
  readonly limits: readonly Limit[];
  readonly timeoutSeconds: number;
  readonly proxy: string | undefined;
  readonly gateway: string | undefined;
  /** What this vendor means by an answer, where that is not what its status says. */
  readonly verdict?: (answer: Answer) => Verdict | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly network: Network;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

const mostTries = 4;
const firstPauseMs = 1_000;
/** Nobody in chat waits longer for a place in a vendor's limit; the message says when there is one. */
const patienceMs = 60_000;

export class Rest {
  readonly #options: RestOptions;
  readonly #fetch: Fetch;
  readonly #pace: Pace;

  constructor(options: RestOptions) {
    this.#options = options;
    this.#fetch = options.proxy === undefined ? options.network.fetch : throughProxy(options.proxy);
    this.#pace = new Pace(options.limits, options.clock);
  }

  /**
   * @param address with host and path, such as `https://api.tiingo.com/tiingo/daily/AAPL`
   * @throws VendorRefusal in one line
   */
  async get<T>(address: string, query: Query, shape: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    const url = this.#url(address, query);
    for (let tries = 1; ; tries++) {
      signal?.throwIfAborted();
      await this.#turn(signal);
      const found = await this.#ask(url, signal);
      if (!('failed' in found)) return this.#read(found, shape);
      const { failed, waitMs } = found;
      const pauseMs = waitMs ?? firstPauseMs * 2 ** (tries - 1);
      if (tries === mostTries || pauseMs > patienceMs) throw failed;
      this.#options.log.warn(
        { source: this.#options.name, error: failed.message, again: `${pauseMs} ms` },
        'a data vendor is asked again',
      );
      await this.#options.network.pause(pauseMs, signal);
    }
  }

  /** What a request that cannot be fulfilled is answered with. */
  refusal(kind: RefusalKind, text: string, cause?: unknown): VendorRefusal {
    const line = this.#withoutSecrets(text).replace(/\s+/g, ' ').trim();
    return new VendorRefusal(kind, `Source ${this.#options.name}: ${line}`, { cause });
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    const { waitMs } = this.#pace;
    if (waitMs > patienceMs) {
      const free = new Date(this.#options.clock.now().getTime() + waitMs).toISOString().slice(11, 16);
      throw this.refusal(
        'rate-limit',
        `as many questions as ${this.#options.vendor} allows were asked. The next one may be asked at ${free} UTC.`,
      );
    }
    const wait = this.#pace.take();
    if (wait > 0) await this.#options.network.pause(wait, signal);
  }

  /** The answer, or why there is none although there may be one later. @throws VendorRefusal when asking again is no use */
  async #ask(
    url: string,
    signal: AbortSignal | undefined,
  ): Promise<Answer | { failed: VendorRefusal; waitMs: number | undefined }> {
    const { vendor, timeoutSeconds } = this.#options;
    const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
    let status: number;
    let text: string;
    let retryAfter: string | null;
    try {
      const response = await this.#fetch(url, {
        headers: { accept: 'application/json', ...this.#options.headers },
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      status = response.status;
      retryAfter = response.headers.get('retry-after');
      text = await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      const why = deadline.aborted ? `within ${timeoutSeconds} s` : `(${deepReasonOf(error)})`;
      return {
        failed: this.refusal('fault', `${vendor} did not answer ${why}. Try again.`, error),
        waitMs: undefined,
      };
    }
    const answer = { status, text, json: jsonOf(text) };
    const verdict = this.#options.verdict?.(answer) ?? verdictByStatus(answer);
    if (!verdict) {
      if (answer.json !== undefined) return answer;
      return {
        failed: this.refusal('fault', `${vendor} sent no JSON but ${quoted(text)}.`),
        waitMs: undefined,
      };
    }
    const refusal = this.refusal(verdict.kind, this.#sentence(verdict));
    if (verdict.kind === 'fault') return { failed: refusal, waitMs: undefined };
    if (verdict.kind === 'rate-limit') return { failed: refusal, waitMs: this.#retryMs(retryAfter) };
    throw refusal;
  }

  #read<T>({ json }: Answer, shape: z.ZodType<T>): T {
    const read = shape.safeParse(json);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    const field = issue && issue.path.length > 0 ? issue.path.map(String).join('.') : 'the whole answer';
    throw this.refusal(
      'fault',
      `${this.#options.vendor} sent something unexpected: ${field}: ${issue?.message ?? 'is wrong'}.`,
    );
  }

  #sentence({ kind, text }: Verdict): string {
    const { vendor, name } = this.#options;
    const said = text === '' ? '' : ` It says ${quoted(text)}.`;
    switch (kind) {
      case 'bad-key':
        return `${vendor} does not take the key. Check it under sources.${name} in desk.yaml.${said}`;
      case 'not-in-plan':
        return `the subscription at ${vendor} does not include this.${said}`;
      case 'rate-limit':
        return `${vendor} was asked too often. Try again later, or lower requestsPerMinute.${said}`;
      case 'unknown-symbol':
        return `${vendor} does not know the symbol.${said}`;
      case 'no-data':
        return `${vendor} has no data for this.${said}`;
      case 'refused':
        return `${vendor} refused the question.${said}`;
      case 'fault':
        return `${vendor} has a fault. Try again later.${said}`;
      default:
        return kind satisfies never;
    }
  }

  /** Seconds, or a date (RFC 9110, 10.2.3). */
  #retryMs(retryAfter: string | null): number | undefined {
    if (retryAfter === null) return undefined;
    const seconds = Number(retryAfter);
    const ms = Number.isFinite(seconds)
      ? seconds * 1000
      : Date.parse(retryAfter) - this.#options.clock.now().getTime();
    return Number.isFinite(ms) ? Math.max(ms, firstPauseMs) : undefined;
  }

  #url(address: string, query: Query): string {
    const url = new URL(address);
    for (const [name, value] of Object.entries({ ...query, ...this.#options.query })) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const { gateway } = this.#options;
    if (gateway === undefined) return url.href;
    return `${gateway.replace(/\/+$/, '')}/${url.hostname}${url.pathname}${url.search}`;
  }

  #withoutSecrets(text: string): string {
    return this.#options.secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  }
}

function verdictByStatus({ status, text, json }: Answer): Verdict | undefined {
  const said = messageIn(json) ?? text;
  if (status < 300) return undefined;
  if (status === 401) return { kind: 'bad-key', text: said };
  if (status === 402 || status === 403) return { kind: 'not-in-plan', text: said };
  if (status === 404) return { kind: 'unknown-symbol', text: said };
  if (status === 429) return { kind: 'rate-limit', text: said };
  if (status >= 500) return { kind: 'fault', text: `${status} ${said}` };
  return { kind: 'refused', text: `${status} ${said}` };
}

/** The keys under which vendors explain themselves. */
function messageIn(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { message, detail, error } = json as Readonly<Record<string, unknown>>;
  const found = [message, detail, error].find((text) => typeof text === 'string');
  return typeof found === 'string' ? found : undefined;
}

/** At most a line of it, without markup: it may be the page of a proxy. */
function quoted(text: string): string {
  const plain = text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return `"${plain.length > 120 ? `${plain.slice(0, 119)}…` : plain}"`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told as such, with what came instead
  }
}

/** Node says "fetch failed", and why only in the cause. */
function deepReasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message !== '' ? cause.message : reasonOf(error);
}
