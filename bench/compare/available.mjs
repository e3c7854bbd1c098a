/** Which sides can run on this machine. */
import { whyNotNative } from '../../scripts/lib/engines.mjs';
import { preparePeer } from '../../scripts/peer.mjs';
import { complaintOf } from './programs.mjs';

/** Why a side cannot run; undefined for one that can. A side that cannot is a line in the tables, not an end. */
export async function whyNotAvailable() {
  const peer = await preparePeer();
  const native = await whyNotNative();
  return { kafka: peer.ok ? undefined : peer.reason, native: native && complaintOf(native), ts: undefined };
}
