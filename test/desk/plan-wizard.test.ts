/** A plan made step by step: each answer is looked at when it is given, not thirteen questions later. */
import { expect, it } from 'vitest';
import { startDesk } from '../support/desk.ts';

it('the questions for a plan refuse what cannot be, one by one, and offer only books that are free', async () => {
  const desk = await startDesk();
  desk.type('/book create spare paper USD 5000 handler=none');
  await desk.shows('Make the book spare at PAPER?');
  desk.type('1');
  await desk.shows('The book spare is there');
  const answers: readonly (readonly [answer: string, shows: string])[] = [
    ['/plan create', 'What is the plan called?'],
    ['demo', 'There is a plan "demo" already.'],
    ['My Plan', 'not "My Plan"'],
    ['daily', 'Which strategy does it run?'],
    ['sma_cross', 'On which symbols'],
    ['NOPE', 'Where do its bars come from?'],
    ['demo', 'does not know "NOPE"'],
    ['back', 'On which symbols'],
    ['SP500', 'Where do its bars come from?'],
    ['demo', 'Whose money does it trade?'],
    ['rotation', 'book must be one of spare, not "rotation"'],
    ['spare', 'From which day on'],
    ['2018-01-01', 'Whose trading days'],
    ['XLON', 'At which times does it run?'],
    ['25:30', '"25:30" is not a time of day'],
    ['close-5min', 'or use (europe/london)'],
    ['Mars/Base', '"Mars/Base" is not a time zone'],
    ['Europe/London', 'When do its orders trade?'],
    ['close', 'Always from the start'],
    ['strict', 'Which rate does trading cost'],
    ['skip', 'Which parameters'],
    ['fats=3', 'SmaCross has no parameter "fats"'],
    ['fast=3', 'Make the plan daily?'],
  ];
  for (const [answer, shows] of answers) {
    const before = desk.printed().length;
    desk.type(answer);
    await expect.poll(() => desk.printed().slice(before), { timeout: 45_000 }).toContain(shows);
  }
  desk.type('1');
  await desk.shows('Plan daily is made');
}, 60_000);
