/** Pacing, in time that is only counted: months of messages without a refusal. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Meter, telegramPace } from '../../../../bot/chat/telegram/pace.ts';
import { Limits } from '../../../support/telegram/limits.ts';

const sends = fc.array(
  fc.record({
    // One message, or an album.
    messages: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 10 })),
    pauseMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 9_000 })),
    networkMs: fc.integer({ min: 0, max: 400 }),
  }),
  { minLength: 1, maxLength: 120 },
);

test.each(['1001', '-1001'])('Telegram never has to refuse what is sent to chat %s', (chat) => {
  fc.assert(
    fc.property(sends, (queue) => {
      const limits = new Limits();
      const { all, group } = telegramPace;
      const meters = [new Meter(all), new Meter(telegramPace.chat)];
      if (chat.startsWith('-')) meters.push(new Meter(group));
      let now = 1_000_000;
      for (const { messages, pauseMs, networkMs } of queue) {
        now += pauseMs;
        for (;;) {
          const waitMs = Math.max(...meters.map((meter) => meter.waitMs(messages, now)));
          if (waitMs <= 0) break;
          now += waitMs;
        }
        const answered = meters.map((meter) => meter.take(messages, now));
        expect(limits.retryAfterS(chat, messages, now + networkMs / 2)).toBe(0);
        now += networkMs;
        for (const done of answered) done(now);
      }
    }),
  );
});

test('a short burst goes out at once, and then a message a second on average', () => {
  const meter = new Meter(telegramPace.chat);
  const at: number[] = [];
  let now = 0;
  for (let message = 0; message < 61; message++) {
    now += meter.waitMs(1, now);
    at.push(now);
    meter.take(1, now)(now);
  }
  expect(at.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(at.at(-1)).toBe(60_000);
});
