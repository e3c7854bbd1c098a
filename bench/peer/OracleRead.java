import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.util.Optional;
import org.apache.kafka.common.record.internal.FileRecords.TimestampAndOffset;
import org.apache.kafka.server.common.OffsetAndEpoch;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.storage.internals.log.FetchDataInfo;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.LogStartOffsetIncrementReason;
import org.apache.kafka.storage.internals.log.UnifiedLog;

/**
 * Reads, looks up and truncates an open log, step by step, and says what came of each.
 *
 *   node scripts/peer.mjs OracleRead CASES.jsonl
 *
 * A case is as in OracleRecover, with `steps`, each an object:
 *   {"op": "highWatermark", "offset": N}
 *   {"op": "read", "from": N, "maxBytes": N, "isolation": "LOG_END" | "HIGH_WATERMARK" | "TXN_COMMITTED", "minOne": true}
 *   {"op": "timestamp", "timestamp": T}          also -1 latest, -2 earliest, -3 of the largest timestamp
 *   {"op": "epoch", "epoch": E}                  where that leader epoch ends
 *   {"op": "truncate", "offset": N}, {"op": "truncateFully", "offset": N}, {"op": "deleteRecords", "offset": N}
 * The answer has under `steps` an answer to each, {"error"} where Kafka refuses; and under `files` what the closed log left.
 */
public final class OracleRead {
  public static void main(String[] args) throws Exception {
    OracleLog.answerAll(args[0], (question, answer) -> {
      try (UnifiedLog log = OracleLog.open(question)) {
        ArrayNode steps = answer.putArray("steps");
        for (JsonNode step : question.get("steps")) {
          ObjectNode outcome = steps.addObject();
          try {
            take(log, step, outcome);
          } catch (Exception e) {
            if (System.getenv("TRACE") != null) e.printStackTrace();
            outcome.removeAll().put("error", Json.error(e));
          }
        }
      }
      OracleLog.describeFiles(new File(question.get("dir").asText()), answer);
    });
  }

  private static void take(UnifiedLog log, JsonNode step, ObjectNode outcome) throws Exception {
    long offset = step.path("offset").asLong();
    switch (step.get("op").asText()) {
      case "highWatermark" -> {
        log.updateHighWatermark(offset);
        outcome.put("highWatermark", log.highWatermark()).put("lastStableOffset", log.lastStableOffset());
      }
      case "read" -> read(log, step, outcome);
      case "timestamp" -> timestamp(log, step.get("timestamp").asLong(), outcome);
      case "epoch" -> {
        Optional<OffsetAndEpoch> end = log.endOffsetForEpoch(step.get("epoch").asInt());
        outcome.put("epoch", end.map(OffsetAndEpoch::epoch).orElse(-1));
        outcome.put("endOffset", end.map(OffsetAndEpoch::offset).orElse(-1L));
      }
      case "truncate" -> {
        outcome.put("truncated", log.truncateTo(offset));
        describe(log, outcome);
      }
      case "truncateFully" -> {
        log.truncateFullyAndStartAt(offset, Optional.empty());
        describe(log, outcome);
      }
      case "deleteRecords" -> {
        log.maybeIncrementLogStartOffset(offset, LogStartOffsetIncrementReason.ClientRecordDeletion);
        // What a broker does from time to time; retention.ms is up to the case.
        log.deleteOldSegments();
        OracleLog.describe(log, outcome);
      }
      default -> throw new IllegalArgumentException("no such step: " + step);
    }
  }

  private static void read(UnifiedLog log, JsonNode step, ObjectNode outcome) throws IOException {
    FetchDataInfo fetched = log.read(step.get("from").asLong(), step.get("maxBytes").asInt(),
        FetchIsolation.valueOf(step.get("isolation").asText()), step.get("minOne").asBoolean());
    outcome.put("offset", fetched.fetchOffsetMetadata.messageOffset)
        .put("segmentBaseOffset", fetched.fetchOffsetMetadata.segmentBaseOffset)
        .put("position", fetched.fetchOffsetMetadata.relativePositionInSegment)
        .put("size", fetched.records.sizeInBytes()).put("firstEntryIncomplete", fetched.firstEntryIncomplete);
    fetched.abortedTransactions.ifPresent(aborted -> {
      ArrayNode list = outcome.putArray("abortedTransactions");
      aborted.forEach(one -> list.addObject().put("producerId", one.producerId()).put("firstOffset", one.firstOffset()));
    });
  }

  private static void timestamp(UnifiedLog log, long timestamp, ObjectNode outcome) {
    Optional<TimestampAndOffset> found =
        log.fetchOffsetByTimestamp(timestamp, Optional.empty()).timestampAndOffsetOpt();
    outcome.put("offset", found.map(f -> f.offset).orElse(-1L));
    outcome.put("timestamp", found.map(f -> f.timestamp).orElse(-1L));
  }

  private static void describe(UnifiedLog log, ObjectNode outcome) throws IOException {
    OracleLog.describe(log, outcome);
    ArrayNode indexes = outcome.putArray("indexes");
    for (LogSegment segment : log.logSegments()) {
      indexes.addObject().put("offsetEntries", segment.offsetIndex().entries())
          .put("timeEntries", segment.timeIndex().entries()).put("largestTimestamp", segment.largestTimestamp());
    }
  }

  private OracleRead() {}
}
