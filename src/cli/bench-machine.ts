/** What a page of numbers must say of the machine that they are from. */
import { arch, cpus, release, totalmem, type } from 'node:os';
import { engineInfo } from '../engine/select.ts';
import { systemClock } from '../clock/clock.ts';
import { shellWord } from './demo-commands.ts';

const GIBIBYTE = 2 ** 30;

/** Names and values. */
export function machineFacts(): (readonly [name: string, value: string])[] {
  const processors = cpus();
  const { engine, reason, description, io } = engineInfo();
  return [
    ['processor', `${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores`],
    ['memory', `${(totalmem() / GIBIBYTE).toFixed(1)} GiB`],
    ['system', `${type()} ${release()}, ${arch()}`],
    ['Node', process.version],
    ['engine', `${engine} (${reason}), ${description}${io === 'portable' ? ', plain writes' : ''}`],
    ['date', new Date(systemClock.now()).toISOString()],
  ];
}

/** The command as it was given, to be given again. */
export function thisCommand(): string {
  return ['seglog', ...process.argv.slice(2).map(shellWord)].join(' ');
}
