/** How large batches may be: by `max.message.bytes` each, and by `segment.bytes` what one append writes. */
import type { LogConfig } from '../../config/log-config.ts';
import { SeglogError } from '../../errors/errors.ts';

/** @throws SeglogError `RECORD_TOO_LARGE` when one batch is above `max.message.bytes` */
export function checkMessageSize(config: LogConfig, sizeBytes: number, position: number): void {
  if (sizeBytes <= config.maxMessageBytes) return;
  throw new SeglogError('RECORD_TOO_LARGE', 'a batch is larger than max.message.bytes', {
    position,
    expected: `at most ${config.maxMessageBytes} bytes`,
    found: sizeBytes,
    action: 'Send fewer records in a batch, or raise maxMessageBytes',
  });
}

/** @throws SeglogError `RECORD_TOO_LARGE` when the batches of one append are above `segment.bytes` */
export function checkAppendSize(config: LogConfig, sizeBytes: number): void {
  if (sizeBytes <= config.segmentBytes) return;
  throw new SeglogError(
    'RECORD_TOO_LARGE',
    'the batches of one append are larger than a whole segment (segment.bytes)',
    {
      expected: `at most ${config.segmentBytes} bytes`,
      found: sizeBytes,
      action: 'Append fewer batches at once, or raise segmentBytes',
    },
  );
}
