/** `npm run bench` runs every question of this folder; `npm run bench -- charts desk` only those. */
import { existsSync, readdirSync } from 'node:fs';

const folder = new URL('.', import.meta.url);
const all = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/index.ts`, folder)))
  .map(({ name }) => name);
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are: ${all.join(', ')}.`);
  process.exit(1);
}
for (const name of asked.length > 0 ? asked : all) {
  console.log(`\n# ${name}`);
  const { run }: { run(print: (line: string) => void): Promise<void> } = await import(
    new URL(`${name}/index.ts`, folder).href
  );
  await run((line) => console.log(line));
}
process.exit();
