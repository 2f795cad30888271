/**
 * The sender of alerts, in a process of its own so that it takes no time from what measures: a new alert at each beat, whether
 * the ones before it were answered or not.
 *
 * A time is counted from when the alert was due, not from when it left: a desk that stands still for a second then has
 * 200 late answers, as its senders would see it, and not one.
 */
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface SendingJob {
  readonly url: string;
  readonly books: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Begins the ids of the alerts. */
  readonly prefix: string;
  readonly symbol: string;
  readonly quantity: string;
}

export interface Sent {
  readonly id: string;
  /** 0 where there was no answer. */
  readonly status: number;
  readonly signal: string | undefined;
  /** From when it was due, and from when it left, to its answer: milliseconds. */
  readonly fromDueMs: number;
  readonly fromLeftMs: number;
  /** Milliseconds of the epoch, with fractions. */
  readonly answeredAt: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 100 });

process.on('message', (job: SendingJob) => {
  void sendAll(job).then((sent) => process.send?.(sent));
});
process.on('disconnect', () => process.exit());

async function sendAll(job: SendingJob): Promise<readonly Sent[]> {
  const everyMs = 1000 / job.perSecond;
  const count = Math.round(job.perSecond * job.seconds);
  const beginning = performance.now() + everyMs;
  const answers: Promise<Sent>[] = [];
  while (answers.length < count) {
    const due = beginning + answers.length * everyMs;
    if (performance.now() < due) await pause(Math.max(0, Math.floor(due - performance.now())));
    else answers.push(send(job, answers.length, due));
  }
  return Promise.all(answers);
}

/** Each book gets its alerts in turn: a purchase, then a sale of the same. */
function send({ url, books, prefix, symbol, quantity }: SendingJob, index: number, due: number) {
  const book = index % books;
  const action = Math.floor(index / books) % 2 === 0 ? 'buy' : 'sell';
  const id = `${prefix}-${index}`;
  const body = JSON.stringify({ key: `bench-key-${book}`, id, action, symbol, quantity });
  const left = performance.now();
  return new Promise<Sent>((resolve) => {
    const end = (status: number, text: string) => {
      const now = performance.now();
      const { signal } = status === 200 ? (JSON.parse(text) as { signal?: string }) : {};
      const answeredAt = performance.timeOrigin + now;
      resolve({ id, status, signal, fromDueMs: now - due, fromLeftMs: now - left, answeredAt });
    };
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    request(`${url}/hooks/book-${book}`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response
        .on('data', (chunk: Buffer) => {
          text += chunk.toString();
        })
        .on('end', () => end(response.statusCode ?? 0, text))
        .on('error', () => end(0, ''));
    })
      .on('error', () => end(0, ''))
      .end(body);
  });
}
