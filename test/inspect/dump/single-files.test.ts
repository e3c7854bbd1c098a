/** Files of which a directory has one. */
import { describe, expect, it } from 'vitest';
import { codes, collectBytes } from '../collect.ts';

const dump = (name: string, content: string, json = true) => collectBytes(Buffer.from(content), { json }, name);

describe('meta.properties', () => {
  const CONTENT =
    '#\nnode.id=1\ndirectory.id=N-n8Pc62RTeyzDX7h7d1tQ\nversion=1\ncluster.id=6LF7qMjvSMOWQNZ2otnwJA\nclusterId=forged\nx=\\u001b[31m\n';

  it('is one object, with what is not known apart', () => {
    const { lines } = dump('meta.properties', CONTENT);
    expect(lines).toEqual([
      '{"type":"meta-properties","version":1,"clusterId":"6LF7qMjvSMOWQNZ2otnwJA","nodeId":1,"directoryId":"N-n8Pc62RTeyzDX7h7d1tQ","others":[["clusterId","forged"],["x","\\u001b[31m"]]}',
    ]);
  });

  it('steers no terminal', () => {
    expect(dump('meta.properties', CONTENT, false).text).toBe(
      'version: 1 clusterId: 6LF7qMjvSMOWQNZ2otnwJA nodeId: 1 directoryId: N-n8Pc62RTeyzDX7h7d1tQ clusterId: forged x: \\x1b[31m\n',
    );
  });

  it('that says nothing is a finding', () => {
    expect(codes(dump('meta.properties', 'nonsense'))).toEqual(['CORRUPT_CHECKPOINT']);
  });
});

describe('quorum-state', () => {
  it('of both versions has the same members', () => {
    const second =
      '{"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}';
    const first =
      '{"clusterId":"c","leaderId":1,"leaderEpoch":2,"votedId":3,"appliedOffset":0,"currentVoters":[{"voterId":1},{"voterId":2}],"data_version":0}';
    expect(dump('quorum-state', second).lines).toEqual([
      '{"type":"quorum-state","version":1,"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","clusterId":null,"appliedOffset":null,"currentVoters":null}',
    ]);
    expect(dump('quorum-state', first).lines).toEqual([
      '{"type":"quorum-state","version":0,"leaderId":1,"leaderEpoch":2,"votedId":3,"votedDirectoryId":null,"clusterId":"c","appliedOffset":0,"currentVoters":[1,2]}',
    ]);
    expect(dump('quorum-state', first, false).text).toBe(
      'version: 0 leaderId: 1 leaderEpoch: 2 votedId: 3 clusterId: c appliedOffset: 0 currentVoters: 1,2\n',
    );
  });

  it('that is no JSON is a finding', () => {
    expect(codes(dump('quorum-state', '{'))).toEqual(['CORRUPT_CHECKPOINT']);
  });
});

describe('.kafka_cleanshutdown', () => {
  it('may hold an epoch, to the last digit, or nothing', () => {
    const name = '.kafka_cleanshutdown';
    expect(dump(name, '{"version":0,"brokerEpoch":9223372036854775807}').lines).toEqual([
      '{"type":"clean-shutdown","version":0,"brokerEpoch":9223372036854775807}',
    ]);
    expect(dump(name, '{"version":0,"brokerEpoch":197}', false).text).toBe(
      'clean shutdown version: 0 brokerEpoch: 197\n',
    );
    expect(dump(name, '').lines).toEqual(['{"type":"clean-shutdown","version":null,"brokerEpoch":null}']);
    expect(dump(name, '', false).text).toBe('clean shutdown\n');
    expect(codes(dump(name, 'yes'))).toEqual(['CORRUPT_CHECKPOINT']);
  });
});
