import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.record.internal.FileLogInputStream.FileChannelRecordBatch;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.OffsetPosition;
import org.apache.kafka.storage.internals.log.TimestampOffset;

/**
 * Checks a segment's indexes against its batches: Kafka's own sanityCheck first, then every entry, as DumpLogSegments
 * does and a little more strictly.
 */
final class IndexCheck {
  private record Batch(int position, long lastOffset, long maxTimestamp, long maxTimestampSoFar) {}

  private final LogSegment segment;
  private final Map<Integer, Batch> byPosition = new HashMap<>();
  private final Map<Long, Batch> byLastOffset = new HashMap<>();
  private final List<String> problems = new ArrayList<>();

  private IndexCheck(LogSegment segment) {
    this.segment = segment;
  }

  /** What is wrong, in words; nothing when all is well. */
  static List<String> problems(LogSegment segment) throws Exception {
    IndexCheck check = new IndexCheck(segment);
    check.sane("offset index", segment.offsetIndex()::sanityCheck);
    check.sane("time index", segment.timeIndex()::sanityCheck);
    check.readBatches();
    check.offsetEntries();
    check.timeEntries();
    return check.problems;
  }

  private void sane(String what, Runnable sanityCheck) {
    try {
      sanityCheck.run();
    } catch (RuntimeException e) {
      problem(what + " fails its sanity check: " + e.getMessage());
    }
  }

  private void readBatches() {
    long maxTimestamp = -1;
    for (FileChannelRecordBatch b : segment.log().batches()) {
      maxTimestamp = Math.max(maxTimestamp, b.maxTimestamp());
      Batch batch = new Batch(b.position(), b.lastOffset(), b.maxTimestamp(), maxTimestamp);
      byPosition.put(batch.position(), batch);
      byLastOffset.put(batch.lastOffset(), batch);
    }
  }

  private void offsetEntries() throws Exception {
    long previous = -1;
    for (int i = 0; i < segment.offsetIndex().entries(); i++) {
      OffsetPosition entry = segment.offsetIndex().entry(i);
      Batch batch = byPosition.get(entry.position());
      if (batch == null || batch.lastOffset() != entry.offset()) problem(entry + " points to " + batch);
      if (entry.offset() <= previous) problem(entry + " does not rise above " + previous);
      previous = entry.offset();
    }
  }

  private void timeEntries() throws Exception {
    long previous = -1;
    for (int i = 0; i < segment.timeIndex().entries(); i++) {
      TimestampOffset entry = segment.timeIndex().entry(i);
      Batch batch = byLastOffset.get(entry.offset());
      if (batch == null || batch.maxTimestamp() != entry.timestamp() || batch.maxTimestampSoFar() != entry.timestamp()) {
        problem(entry + " belongs to " + batch);
      }
      if (entry.timestamp() <= previous) problem(entry + " does not rise above " + previous);
      previous = entry.timestamp();
    }
  }

  private void problem(String text) {
    problems.add("segment " + segment.baseOffset() + ": " + text);
  }
}
