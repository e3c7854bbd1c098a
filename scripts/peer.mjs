/**
 * Apache Kafka's own engine, as oracle (test/interop) and as speed peer (bench/works). `node scripts/peer.mjs` fetches
 * its jars with Maven and compiles bench/peer, unless that is current; with arguments it then runs a program:
 *
 *   node scripts/peer.mjs PeerLog /tmp/peer 3000000 100 1000
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesUnder, hashOf } from './lib/hash.mjs';
import { inProject, say, since } from './lib/project.mjs';
import { handOver, lastLines, run } from './lib/run.mjs';

const MIN_JAVA = 17;
const onWindows = process.platform === 'win32';
const home = inProject('bench', 'peer');
const pom = path.join(home, 'pom.xml');
const sources = filesUnder(home, { skip: ['lib', 'classes'] }).filter((file) => file.endsWith('.java'));

/** What was made of given bytes lies in a folder named for their hash: it is current for as long as it is there. */
function folderFor(kind, hash) {
  return path.join(home, kind, hash.slice(0, 16));
}
/** Where its jars are, once {@link preparePeer} has said that they are. */
export const jars = folderFor('lib', hashOf([pom]));
const classes = folderFor('classes', hashOf([pom, ...sources]));

/** The first line that a program says of itself, or undefined where it is missing. `java -version` speaks on stderr. */
function versionOf(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', shell: onWindows });
  return status === 0 ? `${stdout}${stderr}`.trim().split('\n')[0] : undefined;
}

/** What `java -version` says, or undefined. */
export function javaVersion() {
  return versionOf('java', ['-version']);
}

/** Why Kafka cannot be had on this machine, in one line; undefined when the tools for it are here. */
function whyNoPeer() {
  const java = javaVersion();
  if (java === undefined) return 'java not found: Apache Kafka needs Java 17 or newer';
  const major = Number(/"(\d+)/.exec(java)?.[1]);
  if (major < MIN_JAVA) return `Apache Kafka needs Java ${MIN_JAVA} or newer; this is ${java}`;
  if (!existsSync(jars) && versionOf('mvn', ['-v']) === undefined) return 'mvn (Maven) not found';
  if (!existsSync(classes) && versionOf('javac', ['-version']) === undefined) return 'javac not found: a JDK is needed';
  return undefined;
}

/** The first line that tells why; Maven and javac mark it with "ERROR" or "error:". */
function firstComplaint(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /error/i.test(line)) ?? lines[0] ?? 'no reason given').trim();
}

/**
 * Makes a folder aside and moves it in place when whole: an interrupted or a parallel run harms nobody. Answers the
 * complaint, if there is one.
 */
async function makeFolder(folder, fill) {
  if (existsSync(folder)) return undefined;
  mkdirSync(inProject('.cache'), { recursive: true });
  const aside = mkdtempSync(path.join(inProject('.cache'), 'peer-'));
  try {
    const { code, output } = await fill(aside);
    if (code !== 0) return firstComplaint(output);
    const parent = path.dirname(folder);
    mkdirSync(parent, { recursive: true });
    renameSync(aside, folder);
    for (const other of readdirSync(parent)) {
      if (other !== path.basename(folder)) rmSync(path.join(parent, other), { recursive: true, force: true });
    }
    return undefined;
  } catch (error) {
    return existsSync(folder) ? undefined : error.message; // It is there when another process was first.
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function fetchJars() {
  return makeFolder(jars, (aside) => {
    say('peer: fetching Apache Kafka 4.3.1 (Maven, about 54 MB the first time) ...');
    const args = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${aside}`];
    return run('mvn', args, { cwd: home, shell: onWindows });
  });
}

function compile() {
  return makeFolder(classes, (aside) => {
    say('peer: compiling bench/peer ...');
    const release = ['--release', String(MIN_JAVA)];
    return run('javac', [...release, '-Xlint:all', '-Werror', '-cp', path.join(jars, '*'), '-d', aside, ...sources]);
  });
}

/**
 * Makes the peer ready. Answers `{ ok: true }`, or `{ ok: false, reason }` with the reason in one line; `failed` is set
 * when the fault is in bench/peer and not in what this machine lacks (the tools, or the network for the first fetch).
 */
export async function preparePeer() {
  const start = performance.now();
  const missing = whyNoPeer();
  if (missing !== undefined) return { ok: false, failed: false, reason: missing };
  const wasCurrent = existsSync(jars) && existsSync(classes);
  const notFetched = await fetchJars();
  if (notFetched !== undefined)
    return { ok: false, failed: false, reason: `Maven could not fetch Kafka: ${notFetched}` };
  const notCompiled = await compile();
  if (notCompiled !== undefined)
    return { ok: false, failed: true, reason: `bench/peer does not compile: ${notCompiled}` };
  if (!wasCurrent) say(`peer: ready in ${since(start)}`);
  return { ok: true, failed: false, reason: '' };
}

/** The command line of a program of bench/peer (or of Kafka's, by its full class name). */
export function peerCommand(program, args) {
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  // Otherwise what it prints is in the encoding of the user's locale, and `?` where that is ASCII: the first for Java 17, both since 19.
  const utf8 = ['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8'];
  const classPath = [classes, path.join(jars, '*')].join(path.delimiter);
  return { command: 'java', args: ['-Xmx2g', quiet, ...utf8, '-cp', classPath, program, ...args.map(String)] };
}

/** Runs a program of bench/peer to its end and answers what it printed; rejects with its stderr when it fails. */
export function runPeer(program, args) {
  const line = peerCommand(program, args);
  return new Promise((resolve, reject) => {
    const child = spawn(line.command, line.args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const out = [];
    const err = [];
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString('utf8'));
      else reject(new Error(`${program} ended with ${code}: ${lastLines(Buffer.concat(err).toString('utf8'))}`));
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [program, ...args] = process.argv.slice(2);
  const { ok, reason } = await preparePeer();
  if (!ok) {
    say(`peer: ${reason}`);
    process.exitCode = 2;
  } else if (program !== undefined) {
    const line = peerCommand(program, args);
    process.exitCode = await handOver(line.command, line.args);
  }
}
