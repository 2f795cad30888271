/** Buttons that run a command, placed as stored actions: those of a reply, and those of what the desk tells by itself. */
import type { Reply } from '../../commands/reply.ts';
import type { Actions } from './actions.ts';
import type { Message } from './platform.ts';

/** What a button's id begins with tells what pressing it is. */
export const buttonKinds = {
  run: 'r-',
  confirm: 'y-',
  decline: 'n-',
  cancelWork: 'x-',
  wizard: 'q-',
} as const;

const lifetimeMs = 7 * 86_400_000;

/** The reply as a platform can show it: each button has an id, and the store knows what it means. */
export async function withButtons({ buttons = [], ...content }: Reply, actions: Actions): Promise<Message> {
  if (buttons.length === 0) return content;
  const placed = buttons.map(async ({ label, style = 'secondary', command, options }) => {
    const id = await actions.place({ command, options, confirmed: false, only: null, lifetimeMs });
    return { id: buttonKinds.run + id, label, style };
  });
  return { ...content, buttons: await Promise.all(placed) };
}
