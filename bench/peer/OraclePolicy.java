import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogCleanerManager;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.RollParams;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.utils.Throttler;

/**
 * What Kafka decides of a log: whether its active segment rolls, what its cleaner would clean, and what retention deletes.
 *
 *   node scripts/peer.mjs OraclePolicy CASES.jsonl
 *
 * A case is as in OracleRecover, with `now`, `highWatermark`, `checkpoint` (of the cleaner; null for none) and `append`:
 * {"sizeBytes", "lastOffset", "maxTimestamp"}. The answer has `largest` (each segment's largest timestamp), `rolls`,
 * `lastStableOffset`, `compaction` with the numbers of the choice and the groups of segments (by base offset), and
 * `retained`: the base offsets that are left after a round of retention, which is run last and for good.
 */
public final class OraclePolicy {
  public static void main(String[] args) throws Exception {
    OracleLog.answerAll(args[0], (question, answer) -> {
      try (UnifiedLog log = OracleLog.open(question)) {
        long now = question.get("now").asLong();
        log.updateHighWatermark(question.get("highWatermark").asLong());
        answer.put("lastStableOffset", log.lastStableOffset());
        ArrayNode largest = answer.putArray("largest");
        for (LogSegment segment : log.logSegments()) largest.add(segment.largestTimestamp());
        JsonNode append = question.get("append");
        answer.put("rolls", log.activeSegment().shouldRoll(new RollParams(log.config().maxSegmentMs(),
            log.config().segmentSize(), append.get("maxTimestamp").asLong(), append.get("lastOffset").asLong(),
            append.get("sizeBytes").asInt(), now)));
        choose(log, question, now, answer.putObject("compaction"));
        answer.put("deleted", log.deleteOldSegments()).put("logStartOffset", log.logStartOffset());
        baseOffsets(log.logSegments(), answer.putArray("retained"));
      }
    });
  }

  /** The steps of LogCleanerManager.grabFilthiestCompactedLog for one log, and the groups that Cleaner makes of it. */
  private static void choose(UnifiedLog log, JsonNode question, long now, ObjectNode answer) throws Exception {
    JsonNode checkpoint = question.get("checkpoint");
    Optional<Long> last = checkpoint.isNull() ? Optional.empty() : Optional.of(checkpoint.asLong());
    Object offsets = hidden("cleanableOffsets", UnifiedLog.class, Optional.class, long.class).invoke(null, log, last, now);
    long firstDirty = (long) number(offsets, "firstDirtyOffset");
    long uncleanable = (long) number(offsets, "firstUncleanableDirtyOffset");
    long delay = (long) hidden("maxCompactionDelay", UnifiedLog.class, long.class, long.class)
        .invoke(null, log, firstDirty, now);
    LogToClean chosen = new LogToClean(log, firstDirty, uncleanable, delay > 0);
    boolean isWorthIt = chosen.totalBytes() > 0 && (delay > 0 && chosen.cleanableBytes() > 0
        || chosen.cleanableRatio() > log.config().minCleanableRatio);
    answer.put("isEligible", log.config().compact && isWorthIt);
    answer.put("firstDirtyOffset", firstDirty).put("firstUncleanableOffset", chosen.firstUncleanableOffset());
    answer.put("cleanBytes", chosen.cleanBytes()).put("cleanableBytes", chosen.cleanableBytes());
    Cleaner cleaner = new Cleaner(0, new SkimpyOffsetMap(24 * 64), 1024, 1024, 0.9,
        new Throttler(1e9, 300, "throttler", "entries", Time.SYSTEM), Time.SYSTEM, partition -> { });
    long end = chosen.firstUncleanableOffset();
    List<LogSegment> cleaned = new ArrayList<>();
    for (LogSegment segment : log.logSegments()) if (segment.baseOffset() < end) cleaned.add(segment);
    ArrayNode groups = answer.putArray("groups");
    if (cleaned.isEmpty()) return;
    for (List<LogSegment> group : cleaner.groupSegmentsBySize(cleaned, log.config().segmentSize(),
        log.config().maxIndexSize, end)) {
      baseOffsets(group, groups.addArray());
    }
  }

  private static void baseOffsets(Iterable<LogSegment> segments, ArrayNode into) {
    for (LogSegment segment : segments) into.add(segment.baseOffset());
  }

  private static Method hidden(String name, Class<?>... parameters) throws NoSuchMethodException {
    Method method = LogCleanerManager.class.getDeclaredMethod(name, parameters);
    method.setAccessible(true);
    return method;
  }

  private static Object number(Object record, String field) throws Exception {
    Method method = record.getClass().getDeclaredMethod(field);
    method.setAccessible(true);
    return method.invoke(record);
  }

  private OraclePolicy() {}
}
