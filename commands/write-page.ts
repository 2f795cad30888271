/** `npm run docs`: writes docs/commands.md anew. */
import { writeFileSync } from 'node:fs';
import { commands } from './index.ts';
import { commandsPage } from './page.ts';

writeFileSync(new URL('../docs/commands.md', import.meta.url), commandsPage(commands));
