import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.FileRecords.TimestampAndOffset;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.storage.internals.log.FetchDataInfo;
import org.apache.kafka.storage.internals.log.LogAppendInfo;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.UnifiedLog;

/**
 * Opens partition directories with Apache Kafka's own log engine and says what it sees: many a JVM.
 *
 *   node scripts/peer.mjs OracleOpen CASES.jsonl
 *
 * A case is a line of JSON; all but `dir` may be left out:
 *   {"dir": "/x/t-0", "clean": true, "logStartOffset": 0, "recoveryPoint": 0, "config": {"retention.ms": "-1"},
 *    "timestamps": [T, ...], "reads": [{"from": N, "maxBytes": N}, ...],
 *    "append": {"compression": "lz4", "records": [{"timestamp", "key", "value", "headers": [[string, bytes], ...]}]}}
 * with bytes in base64 or null. The answer is a line as well: offsets, segments, `problems` of the indexes, an answer to
 * each timestamp and read (asked before the append), the append's offsets; or {"dir", "error"}. The log is closed
 * afterwards, so what an append wrote is on the disk.
 */
public final class OracleOpen {
  public static void main(String[] args) throws Exception {
    for (String line : Files.readAllLines(Path.of(args[0]))) {
      JsonNode question = Json.MAPPER.readTree(line);
      ObjectNode answer = Json.object().put("dir", question.get("dir").asText());
      try {
        answer(question, answer);
      } catch (Exception | Error e) {
        if (System.getenv("TRACE") != null) e.printStackTrace();
        answer.put("error", Json.error(e));
      }
      System.out.println(answer);
    }
    System.exit(0);
  }

  private static void answer(JsonNode question, ObjectNode answer) throws Exception {
    KafkaLog.Start start = new KafkaLog.Start(question.path("logStartOffset").asLong(0),
        question.path("recoveryPoint").asLong(0), question.path("clean").asBoolean(true));
    long started = System.nanoTime();
    UnifiedLog log = KafkaLog.open(new File(question.get("dir").asText()), config(question.path("config")), start);
    try {
      answer.put("openSeconds", (System.nanoTime() - started) / 1e9);
      answer.put("logStartOffset", log.logStartOffset()).put("logEndOffset", log.logEndOffset());
      answer.put("recoveryPoint", log.recoveryPoint());
      describeSegments(log, answer);
      log.updateHighWatermark(log.logEndOffset());
      for (JsonNode timestamp : question.path("timestamps")) {
        answer.withArray("timestamps").add(offsetFor(log, timestamp.asLong()));
      }
      for (JsonNode read : question.path("reads")) answer.withArray("reads").add(read(log, read));
      if (question.has("append")) answer.set("append", append(log, question.get("append")));
    } finally {
      log.close();
    }
  }

  private static Map<String, String> config(JsonNode node) {
    Map<String, String> config = new HashMap<>();
    node.properties().forEach(entry -> config.put(entry.getKey(), entry.getValue().asText()));
    return config;
  }

  private static void describeSegments(UnifiedLog log, ObjectNode answer) throws Exception {
    ArrayNode segments = answer.putArray("segments");
    ArrayNode problems = answer.putArray("problems");
    for (LogSegment segment : log.logSegments()) {
      segments.addObject().put("baseOffset", segment.baseOffset()).put("size", segment.size())
          .put("offsetEntries", segment.offsetIndex().entries()).put("timeEntries", segment.timeIndex().entries())
          .put("maxTimestamp", segment.maxTimestampSoFar());
      for (String problem : IndexCheck.problems(segment)) problems.add(problem);
    }
  }

  private static ObjectNode offsetFor(UnifiedLog log, long timestamp) {
    Optional<TimestampAndOffset> found =
        log.fetchOffsetByTimestamp(timestamp, Optional.empty()).timestampAndOffsetOpt();
    return Json.object().put("timestamp", timestamp).put("offset", found.map(f -> f.offset).orElse(-1L))
        .put("foundTimestamp", found.map(f -> f.timestamp).orElse(-1L));
  }

  private static ObjectNode read(UnifiedLog log, JsonNode read) throws Exception {
    long from = read.get("from").asLong();
    FetchDataInfo fetched = log.read(from, read.get("maxBytes").asInt(), FetchIsolation.LOG_END, true);
    return Json.object().put("from", from).put("batchOffset", fetched.fetchOffsetMetadata.messageOffset)
        .put("segment", fetched.fetchOffsetMetadata.segmentBaseOffset)
        .put("position", fetched.fetchOffsetMetadata.relativePositionInSegment)
        .put("size", fetched.records.sizeInBytes());
  }

  private static ObjectNode append(UnifiedLog log, JsonNode append) throws Exception {
    List<SimpleRecord> records = new ArrayList<>();
    for (JsonNode record : append.get("records")) {
      List<Header> headers = new ArrayList<>();
      for (JsonNode header : record.path("headers")) {
        headers.add(new RecordHeader(header.get(0).asText(), bytes(header.get(1))));
      }
      records.add(new SimpleRecord(record.get("timestamp").asLong(), bytes(record.path("key")),
          bytes(record.path("value")), headers.toArray(Header[]::new)));
    }
    CompressionType type = CompressionType.forName(append.path("compression").asText("none"));
    int leaderEpoch = 0;
    LogAppendInfo info = log.appendAsLeader(MemoryRecords.withRecords(Compression.of(type).build(),
        records.toArray(SimpleRecord[]::new)), leaderEpoch);
    return Json.object().put("firstOffset", info.firstOffset()).put("lastOffset", info.lastOffset())
        .put("logEndOffset", log.logEndOffset());
  }

  private static byte[] bytes(JsonNode base64) {
    return base64.isTextual() ? Base64.getDecoder().decode(base64.asText()) : null;
  }
}
