/**
 * `npm run messages`: writes src/message/generated from the message schemas in Apache Kafka's jars, which bench/peer
 * fetches. test/interop/messages-are-kafkas.test.ts fails when what is committed is not what would be written.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { jarEntries } from './generate-messages/jar.mjs';
import { parseSchema } from './generate-messages/schema.mjs';
import { SUBJECTS } from './generate-messages/subjects.mjs';
import { fileSource, tableSource } from './generate-messages/typescript.mjs';
import { inProject, say } from './lib/project.mjs';
import { lastLines, tool } from './lib/run.mjs';
import { jars, preparePeer } from './peer.mjs';

const folder = inProject('src', 'message', 'generated');
const KAFKA = '4.3.1';

/** Every message of one of Kafka's jars, by name. Ask {@link preparePeer} before. */
export function messagesOf(jar) {
  const entries = jarEntries(path.join(jars, `${jar}-${KAFKA}.jar`), (name) => /^common\/.*\.json$/.test(name));
  const messages = [...entries.values()].map(parseSchema).filter((message) => message !== undefined);
  return new Map(messages.map((message) => [message.name, message]));
}

function sourcesOf({ jar, all, table, files }) {
  const messages = messagesOf(jar);
  const placed = Object.values(files).flat();
  const missing = placed.filter((name) => !messages.has(name));
  const left = all ? [...messages.keys()].filter((name) => !placed.includes(name)) : [];
  if (missing.length > 0) throw new Error(`${jar} has no ${missing.join(', ')}`);
  if (left.length > 0) throw new Error(`${jar} has messages without a place in subjects.mjs: ${left.join(', ')}`);
  const found = Object.entries(files).map(([file, names]) => ({
    file,
    messages: names.map((name) => messages.get(name)),
  }));
  const sources = found.map((one) => [one.file, fileSource(jar, one.messages)]);
  return table === undefined ? sources : [...sources, [table.file, tableSource(jar, table, found)]];
}

/** All files as they should be, formatted, by name. */
async function generate() {
  mkdirSync(inProject('.cache'), { recursive: true });
  const biome = inProject('node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const formatted = new Map();
  for (const [file, source] of SUBJECTS.flatMap(sourcesOf)) {
    const name = `${file}.ts`;
    const args = ['format', `--stdin-file-path=src/message/generated/${name}`];
    const { code, output, stdout } = await tool(biome, args, { input: source });
    if (code !== 0) throw new Error(`${name} cannot be formatted: ${lastLines(output)}`);
    formatted.set(name, stdout);
  }
  return formatted;
}

function committed() {
  if (!existsSync(folder)) return new Map();
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

/** The names of files that are not as they would be written. Ask {@link preparePeer} before. */
export async function staleMessages() {
  const [fresh, there] = [await generate(), committed()];
  return [...new Set([...fresh.keys(), ...there.keys()])].filter((name) => fresh.get(name) !== there.get(name));
}

async function write() {
  const fresh = await generate();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, source] of fresh) writeFileSync(path.join(folder, name), source);
  say(`messages: ${fresh.size} files written`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { ok, reason } = await preparePeer();
  if (!ok) {
    say(`messages: ${reason}`);
    process.exitCode = 2;
  } else await write();
}
