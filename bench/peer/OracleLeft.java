import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.storage.internals.checkpoint.CleanShutdownFileHandler;
import org.apache.kafka.storage.internals.checkpoint.LeaderEpochCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.PartitionMetadataFile;
import org.apache.kafka.storage.internals.log.BatchMetadata;
import org.apache.kafka.storage.internals.log.FetchDataInfo;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.ProducerStateEntry;
import org.apache.kafka.storage.internals.log.ProducerStateManager;
import org.apache.kafka.storage.internals.log.SnapshotFile;
import org.apache.kafka.storage.internals.log.UnifiedLog;

/**
 * Opens what was left in log directories as a broker's LogManager does, with what the directories' checkpoints say;
 * reads all of it, appends to it where asked, and stops as a broker does.
 *
 *   node scripts/peer.mjs OracleLeft CASES.jsonl
 *
 * A case: {"dir": "/x/t-0", "clean": true, "now": T, "config": {...}}; "recoveryPoint" goes before the checkpoint's; and
 *   "appends": [{"compression", "leaderEpoch", "records": [{"timestamp", "value": base64}],
 *                "producer": {"id", "epoch", "sequence", "isTransactional"}}], the producer or not
 *   "stop": true                 writes the checkpoints and the mark of a clean stop behind it
 * The answer is OracleRecover's, with `parsed` (checkpoints, snapshots and marks, as Kafka's classes read them before),
 * `problems` of indexes, `batches` with their records, `committed` (fetches of committed records), `appended`.
 */
public final class OracleLeft {
  private static final String RECOVERY_POINTS = "recovery-point-offset-checkpoint";
  private static final String LOG_STARTS = "log-start-offset-checkpoint";
  private static final String HIGH_WATERMARKS = "replication-offset-checkpoint";

  public static void main(String[] args) throws Exception {
    OracleLog.answerAll(args[0], (question, answer) -> {
      File directory = new File(question.get("dir").asText());
      TopicPartition partition = UnifiedLog.parseTopicPartitionName(directory);
      parse(directory, answer.putObject("parsed"));
      ObjectNode opening = ((ObjectNode) question).deepCopy();
      if (!opening.has("recoveryPoint")) {
        opening.put("recoveryPoint", checkpoint(directory, RECOVERY_POINTS).read().getOrDefault(partition, 0L));
      }
      opening.put("logStartOffset", checkpoint(directory, LOG_STARTS).read().getOrDefault(partition, 0L));
      try (UnifiedLog log = OracleLog.open(opening)) {
        log.updateHighWatermark(log.logEndOffset());
        OracleLog.describe(log, answer);
        readAll(log, answer.putArray("batches"));
        readCommitted(log, answer.putArray("committed"));
        ArrayNode problems = answer.putArray("problems");
        for (LogSegment segment : log.logSegments()) IndexCheck.problems(segment).forEach(problems::add);
        for (JsonNode append : question.path("appends")) append(log, append);
        if (question.has("appends")) {
          log.updateHighWatermark(log.logEndOffset());
          ObjectNode appended = answer.putObject("appended");
          OracleLog.describe(log, appended);
          readAll(log, appended.putArray("batches"));
        }
        if (question.path("stop").asBoolean()) stop(log, partition);
      }
      OracleLog.describeFiles(directory, answer);
    });
  }

  /** One for each file: its queue is short, and only a broker empties it. */
  private static LogDirFailureChannel failures() {
    return new LogDirFailureChannel(1);
  }

  private static OffsetCheckpointFile checkpoint(File directory, String name) throws IOException {
    return new OffsetCheckpointFile(new File(directory.getParentFile(), name), failures());
  }

  /** The small files, each by the class that Kafka itself reads it with. What it cannot read it throws. */
  private static void parse(File directory, ObjectNode parsed) throws Exception {
    for (String name : List.of(RECOVERY_POINTS, LOG_STARTS, HIGH_WATERMARKS)) {
      if (!new File(directory.getParentFile(), name).exists()) continue;
      ObjectNode offsets = parsed.putObject(name);
      checkpoint(directory, name).read().forEach((of, offset) -> offsets.put(of.toString(), offset));
    }
    CleanShutdownFileHandler handler = new CleanShutdownFileHandler(directory.getParent());
    OptionalLong mark = handler.read();
    if (mark.isPresent()) parsed.put("cleanShutdownEpoch", mark.getAsLong());
    // As LogManager does: it counts once.
    handler.delete();
    PartitionMetadataFile metadata = new PartitionMetadataFile(PartitionMetadataFile.newFile(directory), failures());
    if (metadata.exists()) parsed.put("topicId", metadata.read().topicId().toString());
    File epochFile = LeaderEpochCheckpointFile.newFile(directory);
    if (epochFile.exists()) {
      ArrayNode epochs = parsed.putArray("epochs");
      new LeaderEpochCheckpointFile(epochFile, failures()).read().forEach(
          entry -> epochs.addObject().put("epoch", entry.epoch()).put("startOffset", entry.startOffset()));
    }
    ObjectNode snapshots = parsed.putObject("snapshots");
    for (SnapshotFile snapshot : ProducerStateManager.listSnapshotFiles(directory)) {
      ArrayNode producers = snapshots.putArray(String.valueOf(snapshot.offset));
      List<ProducerStateEntry> entries = new ArrayList<>(ProducerStateManager.readSnapshot(snapshot.file()));
      entries.sort((a, b) -> Long.compare(a.producerId(), b.producerId()));
      for (ProducerStateEntry entry : entries) producers.add(describe(entry));
    }
  }

  private static ObjectNode describe(ProducerStateEntry entry) {
    int lastSequence = RecordBatch.NO_SEQUENCE;
    for (BatchMetadata batch : entry.batchMetadata()) lastSequence = batch.lastSeq();
    return Json.object().put("producerId", entry.producerId()).put("producerEpoch", entry.producerEpoch())
        .put("lastSequence", lastSequence).put("lastOffset", entry.lastDataOffset())
        .put("lastTimestamp", entry.lastTimestamp()).put("coordinatorEpoch", entry.coordinatorEpoch())
        .put("currentTxnFirstOffset", entry.currentTxnFirstOffset().orElse(-1));
  }

  private static void readAll(UnifiedLog log, ArrayNode batches) throws IOException {
    for (long from = log.logStartOffset(); from < log.logEndOffset();) {
      FetchDataInfo fetched = log.read(from, Integer.MAX_VALUE, FetchIsolation.LOG_END, true);
      long next = from;
      for (RecordBatch batch : fetched.records.batches()) {
        batch.ensureValid();
        ObjectNode line = describe(batch);
        ArrayNode records = line.putArray("records");
        for (Record record : batch) {
          record.ensureValid();
          if (record.offset() >= log.logStartOffset()) records.add(Json.record(record));
        }
        batches.add(line);
        next = batch.nextOffset();
      }
      if (next == from) break;
      from = next;
    }
  }

  private static ObjectNode describe(RecordBatch batch) {
    return Json.object().put("baseOffset", batch.baseOffset()).put("lastOffset", batch.lastOffset())
        .put("size", batch.sizeInBytes()).put("codec", batch.compressionType().id)
        .put("maxTimestamp", batch.maxTimestamp()).put("producerId", batch.producerId())
        .put("producerEpoch", batch.producerEpoch()).put("baseSequence", batch.baseSequence())
        .put("partitionLeaderEpoch", batch.partitionLeaderEpoch()).put("isTransactional", batch.isTransactional())
        .put("isControl", batch.isControlBatch());
  }

  /** Fetch after fetch of committed records; to leave out the aborted ones is a consumer's part. */
  private static void readCommitted(UnifiedLog log, ArrayNode slices) throws IOException {
    for (long from = log.logStartOffset(); from < log.lastStableOffset();) {
      FetchDataInfo fetched = log.read(from, Integer.MAX_VALUE, FetchIsolation.TXN_COMMITTED, true);
      ObjectNode slice = slices.addObject().put("from", from).put("size", fetched.records.sizeInBytes());
      ArrayNode aborted = slice.putArray("aborted");
      fetched.abortedTransactions.ifPresent(all -> all.forEach(
          one -> aborted.addObject().put("producerId", one.producerId()).put("firstOffset", one.firstOffset())));
      long next = from;
      for (RecordBatch batch : fetched.records.batches()) next = batch.nextOffset();
      if (next == from) break;
      from = next;
    }
  }

  private static void append(UnifiedLog log, JsonNode append) throws IOException {
    List<SimpleRecord> records = new ArrayList<>();
    for (JsonNode record : append.get("records")) {
      byte[] value = Base64.getDecoder().decode(record.get("value").asText());
      records.add(new SimpleRecord(record.get("timestamp").asLong(), null, value));
    }
    SimpleRecord[] all = records.toArray(SimpleRecord[]::new);
    Compression compression = Compression.of(CompressionType.forName(append.get("compression").asText())).build();
    log.appendAsLeader(batchOf(compression, append.path("producer"), all), append.get("leaderEpoch").asInt());
  }

  private static MemoryRecords batchOf(Compression compression, JsonNode producer, SimpleRecord[] records) {
    if (producer.isMissingNode()) return MemoryRecords.withRecords(compression, records);
    long id = producer.get("id").asLong();
    short epoch = (short) producer.get("epoch").asInt();
    int sequence = producer.get("sequence").asInt();
    return producer.get("isTransactional").asBoolean()
        ? MemoryRecords.withTransactionalRecords(compression, id, epoch, sequence, records)
        : MemoryRecords.withIdempotentRecords(compression, id, epoch, sequence, records);
  }

  /** As LogManager.shutdown: flush, the checkpoints, the mark. */
  private static void stop(UnifiedLog log, TopicPartition partition) throws Exception {
    log.flush(true);
    Map<String, Long> offsets = new HashMap<>(Map.of(RECOVERY_POINTS, log.recoveryPoint()));
    long firstBase = log.logSegments().get(0).baseOffset();
    if (log.logStartOffset() > firstBase) offsets.put(LOG_STARTS, log.logStartOffset());
    for (String name : List.of(RECOVERY_POINTS, LOG_STARTS)) {
      Long offset = offsets.get(name);
      checkpoint(log.dir(), name).write(offset == null ? Map.of() : Map.of(partition, offset));
    }
    long brokerEpoch = 7;
    new CleanShutdownFileHandler(log.parentDir()).write(brokerEpoch);
  }

  private OracleLeft() {}
}
