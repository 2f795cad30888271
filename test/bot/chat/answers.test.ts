import { expect, it } from 'vitest';
import { action, defineCommand } from '../../../commands/command.ts';
import type { Attachment } from '../../../commands/reply.ts';
import { UserError } from '../../../engine/errors.ts';
import { chatDesk } from '../../support/chat.ts';
import { tempStore } from '../../support/temp-store.ts';

const here = 'discord:chat:desk-room';
const picture: Attachment = { name: 'run.png', type: 'image/png', data: Uint8Array.of(1) };

/** `/draw what`: remembers by which name it was asked for, and whether its answer was expected meanwhile. */
async function drawing(visibility: 'everyone' | 'only-you' = 'everyone') {
  const asked: { readonly name: string; readonly expected: boolean }[] = [];
  const draw = defineCommand({
    name: 'draw',
    description: 'Draws',
    group: 'Overview',
    body: {
      action: action({
        description: 'Draws',
        role: 'viewer',
        visibility,
        options: {
          what: {
            type: 'choice',
            choices: ['picture', 'words', 'nothing'],
            description: 'What',
            required: true,
          },
        },
        run: async ({ request }, { what }) => {
          asked.push({ name: request, expected: desk.answers.isIn(here, request) });
          if (what === 'nothing') throw new UserError('There is nothing to draw.');
          return { text: ['Drawn.'], ...(what === 'picture' && { attachments: [picture] }) };
        },
      }),
    },
  });
  const desk = await chatDesk({ store: await tempStore(), commands: [draw] });
  return async (line: string) => {
    await desk.types('vera', line);
    const { name = '', expected } = asked.at(-1) ?? {};
    return {
      meanwhile: expected,
      afterwards: desk.answers.isIn(here, name),
      elsewhere: desk.answers.isIn('discord:chat:another', name),
    };
  };
}

it('the files of an answer are where it was asked for, as soon as it is in hand', async () => {
  const draw = await drawing();
  expect(await draw('/draw picture')).toEqual({ meanwhile: true, afterwards: true, elsewhere: false });
});

it.each([
  '/draw words',
  '/draw nothing',
])('%s brings none, so what is told later keeps its own', async (line) => {
  const draw = await drawing();
  expect(await draw(line)).toMatchObject({ meanwhile: true, afterwards: false });
});

it('an answer that only one person of a group sees brings nothing to the group', async () => {
  const draw = await drawing('only-you');
  expect(await draw('/draw picture')).toMatchObject({ meanwhile: false, afterwards: false });
});
