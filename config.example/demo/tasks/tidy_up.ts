/** Deletes what the terminal has saved of answers, pictures and tables, when it is older than thirty days. */
// @schedule 30 3 * * *
// @notify error
// @enabled false
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const keptDays = 30;

interface Desk {
  readonly folders: { readonly attachments: string };
}

const desk: Desk = JSON.parse(readFileSync(process.env['OUTCRY_DESK'] ?? 'desk.json', 'utf8'));
const oldest = Date.now() - keptDays * 86_400_000;

let deleted = 0;
for (const name of readdirSync(desk.folders.attachments, { recursive: true, encoding: 'utf8' })) {
  const file = join(desk.folders.attachments, name);
  const info = statSync(file);
  if (!info.isFile() || info.mtimeMs >= oldest) continue;
  rmSync(file);
  deleted += 1;
}
console.log(`Deleted ${deleted} files that were older than ${keptDays} days.`);
