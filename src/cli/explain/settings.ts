/** The settings that explanations go by: those of a file, and over them those of the command line. */
import { parseConfigText } from '../../config/config-text.ts';
import { LOG_CONFIG_NAMES, type LogConfig, logConfig, parseLogConfig } from '../../config/log-config.ts';
import { SeglogError } from '../../errors/errors.ts';
import { nodeFileSystem } from '../../fs/node-fs.ts';
import { tell } from '../exit-codes.ts';

type Pair = readonly [name: string, value: string];

/** `--config` and `--config-file`. */
export interface SettingsArguments {
  readonly config?: readonly Pair[];
  readonly configFile?: string;
}

export const CONFIG_FILE_OPTION = '--config-file <file>';
export const CONFIG_FILE_HELP = 'name=value lines, or what `kafka-configs --describe` prints';

/** Settings of a file that a log does not have are told and passed over: a broker's or a topic's file has others too. */
function pairsOfFile(path: string): Pair[] {
  const bytes = nodeFileSystem.readSmall(path);
  if (bytes === undefined) throw new SeglogError('IO', 'there is no such file', { file: path, errno: 'ENOENT' });
  const pairs = parseConfigText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  const others = pairs.filter(([name]) => !LOG_CONFIG_NAMES.includes(name)).map(([name]) => name);
  if (others.length > 0) tell(`note: ${path}: passed over, as no settings of a topic's log here: ${others.join(', ')}`);
  return pairs.filter(([name]) => LOG_CONFIG_NAMES.includes(name));
}

/** The configuration. @throws SeglogError `IO`, `INVALID_CONFIG` */
export function settingsFrom({ config = [], configFile }: SettingsArguments): LogConfig {
  return logConfig(parseLogConfig([...(configFile === undefined ? [] : pairsOfFile(configFile)), ...config]));
}
