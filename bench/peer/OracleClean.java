import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.utils.Throttler;

/**
 * What Kafka's cleaner leaves of a partition, pass after pass.
 *
 *   node scripts/peer.mjs OracleClean CASES.jsonl
 *
 * A case is as in OracleRecover, with `into` (a directory for copies), `mapBytes` (memory of the offset map) and `passes`:
 * [{"now", "isWhole"}], where a whole pass starts at the log start and any other where the one before it ended. The answer
 * has `producers` with what the cleaner knows of the active ones, `limit` (the first offset that is not cleaned), and of each
 * pass `firstDirtyOffset`, `endOffset` and `segments`; `into`/pass0 has the files as they were opened, pass1 those after the
 * first pass, and so on.
 */
public final class OracleClean {
  private static final List<String> SUFFIXES = List.of(".log", ".index", ".timeindex", ".txnindex");

  public static void main(String[] args) throws Exception {
    OracleLog.answerAll(args[0], (question, answer) -> {
      try (UnifiedLog log = OracleLog.open(question)) {
        log.updateHighWatermark(log.logEndOffset());
        Path into = Path.of(question.get("into").asText());
        long limit = limit(log);
        answer.put("limit", limit).put("logStartOffset", log.logStartOffset());
        ArrayNode producers = answer.putArray("producers");
        log.lastRecordsOfActiveProducers().forEach((id, last) -> {
          ObjectNode producer = producers.addObject().put("producerId", id).put("producerEpoch", last.producerEpoch());
          last.lastDataOffset().ifPresent(offset -> producer.put("lastDataOffset", offset));
        });
        copy(log, into.resolve("pass0"));
        ArrayNode passes = answer.putArray("passes");
        long firstDirty = log.logStartOffset();
        for (JsonNode pass : question.get("passes")) {
          if (pass.get("isWhole").asBoolean()) firstDirty = log.logStartOffset();
          Cleaner cleaner = new Cleaner(0, new SkimpyOffsetMap(question.get("mapBytes").asInt()), 512 << 10, 64 << 20,
              0.9, new Throttler(1e12, 300, "cleaner-io", "bytes", Time.SYSTEM), Time.SYSTEM, partition -> { });
          long end = cleaner.doClean(new LogToClean(log, firstDirty, limit, false), pass.get("now").asLong()).getKey();
          ObjectNode told = passes.addObject().put("firstDirtyOffset", firstDirty).put("endOffset", end);
          ArrayNode segments = told.putArray("segments");
          for (LogSegment segment : log.logSegments()) segments.add(segment.baseOffset());
          copy(log, into.resolve("pass" + passes.size()));
          firstDirty = Math.max(firstDirty, end);
        }
      }
    });
  }

  /** Where the segment starts that holds the last stable offset, or the active one. */
  private static long limit(UnifiedLog log) {
    long bound = Math.min(log.lastStableOffset(), log.activeSegment().baseOffset());
    long limit = log.logStartOffset();
    for (LogSegment segment : log.logSegments()) if (segment.baseOffset() <= bound) limit = segment.baseOffset();
    return limit;
  }

  private static void copy(UnifiedLog log, Path into) throws IOException {
    Files.createDirectories(into);
    for (LogSegment segment : log.logSegments()) {
      segment.flush();
      for (String suffix : SUFFIXES) {
        Path file = log.dir().toPath().resolve(String.format("%020d%s", segment.baseOffset(), suffix));
        if (!Files.exists(file)) continue;
        Files.copy(file, into.resolve(file.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  private OracleClean() {}
}
