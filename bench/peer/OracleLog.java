import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.ProducerStateEntry;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/**
 * What the oracles share: many cases in one JVM, each a line of JSON in a file, each answered by a line; and how a log is
 * opened and described. A case names `dir`; `config` (Kafka's names), `now` (ms since 1970), `clean`, `logStartOffset` and
 * `recoveryPoint` may be left out.
 */
final class OracleLog {
  private static final KafkaScheduler SCHEDULER = new KafkaScheduler(1);

  static {
    SCHEDULER.startup();
  }

  /** Answers one case. */
  interface Answering {
    void answer(JsonNode question, ObjectNode answer) throws Exception;
  }

  /** A wall clock that stands still: expiry of producers then depends on the case alone. */
  private record Stopped(long now) implements Time {
    @Override
    public long milliseconds() {
      return now;
    }

    @Override
    public long nanoseconds() {
      return System.nanoTime();
    }

    @Override
    public void sleep(long ms) {
      Time.SYSTEM.sleep(ms);
    }

    @Override
    public void waitObject(Object object, Supplier<Boolean> condition, long deadline) throws InterruptedException {
      Time.SYSTEM.waitObject(object, condition, deadline);
    }
  }

  /** Answers all cases of a file and ends the JVM. What Kafka throws is the answer too, with the place it came from. */
  static void answerAll(String file, Answering answering) throws IOException {
    for (String line : Files.readAllLines(Path.of(file))) {
      JsonNode question = Json.MAPPER.readTree(line);
      ObjectNode answer = Json.object().put("dir", question.get("dir").asText());
      try {
        answering.answer(question, answer);
      } catch (Exception | Error e) {
        if (System.getenv("TRACE") != null) e.printStackTrace();
        answer.put("error", Json.error(e));
        if (e.getStackTrace().length > 0) answer.put("thrownAt", e.getStackTrace()[0].toString());
      }
      System.out.println(answer);
    }
    System.exit(0);
  }

  static UnifiedLog open(JsonNode question) throws IOException {
    Properties properties = new Properties();
    question.path("config").properties().forEach(entry -> properties.put(entry.getKey(), entry.getValue().asText()));
    Time time = question.has("now") ? new Stopped(question.get("now").asLong()) : Time.SYSTEM;
    int maxTransactionTimeoutMs = 900_000;
    int producerExpirationCheckMs = 600_000;
    File directory = new File(question.get("dir").asText());
    Files.createDirectories(directory.toPath());
    return UnifiedLog.create(directory, new LogConfig(properties), question.path("logStartOffset").asLong(0),
        question.path("recoveryPoint").asLong(0), SCHEDULER, new BrokerTopicStats(), time, maxTransactionTimeoutMs,
        new ProducerStateManagerConfig(86_400_000, false), producerExpirationCheckMs, new LogDirFailureChannel(4),
        question.path("clean").asBoolean(true), Optional.empty());
  }

  /** Offsets, segments, producers, leader epochs and the names of producer snapshots of an open log. */
  static void describe(UnifiedLog log, ObjectNode answer) {
    answer.put("logStartOffset", log.logStartOffset()).put("logEndOffset", log.logEndOffset());
    answer.put("highWatermark", log.highWatermark()).put("recoveryPoint", log.recoveryPoint());
    answer.put("lastStableOffset", log.lastStableOffset());
    ArrayNode segments = answer.putArray("segments");
    for (LogSegment segment : log.logSegments()) {
      segments.addObject().put("baseOffset", segment.baseOffset()).put("size", segment.size());
    }
    ArrayNode producers = answer.putArray("producers");
    Map<Long, ProducerStateEntry> entries = log.producerStateManager().activeProducers();
    log.activeProducers().stream().sorted(Comparator.comparingLong(one -> one.producerId()))
        .forEach(one -> producers.addObject().put("producerId", one.producerId())
            .put("producerEpoch", one.producerEpoch()).put("lastSequence", one.lastSequence())
            .put("lastOffset", entries.get(one.producerId()).lastDataOffset())
            .put("lastTimestamp", one.lastTimestamp()).put("coordinatorEpoch", one.coordinatorEpoch())
            .put("currentTxnFirstOffset", one.currentTxnStartOffset()));
    ArrayNode epochs = answer.putArray("epochs");
    log.leaderEpochCache().epochEntries().forEach(
        entry -> epochs.addObject().put("epoch", entry.epoch()).put("startOffset", entry.startOffset()));
    ArrayNode snapshots = answer.putArray("snapshots");
    for (String name : names(log.dir())) if (name.endsWith(".snapshot")) snapshots.add(name);
  }

  /** What a closed log left: all names, and the first 16 hex digits of the SHA-256 of each log and index file. */
  static void describeFiles(File directory, ObjectNode answer) throws Exception {
    ArrayNode names = answer.putArray("names");
    ObjectNode files = answer.putObject("files");
    for (String name : names(directory)) {
      names.add(name);
      if (!name.matches(".*\\.(log|index|timeindex|txnindex)")) continue;
      byte[] bytes = Files.readAllBytes(directory.toPath().resolve(name));
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      files.put(name, HexFormat.of().formatHex(digest, 0, 8));
    }
    Path epochs = directory.toPath().resolve("leader-epoch-checkpoint");
    answer.put("epochFile", Files.exists(epochs) ? Files.readString(epochs) : null);
  }

  private static String[] names(File directory) {
    String[] names = directory.list();
    if (names == null) return new String[0];
    Arrays.sort(names);
    return names;
  }

  private OracleLog() {}
}
