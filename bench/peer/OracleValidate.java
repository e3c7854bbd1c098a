import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.common.RequestLocal;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.RecordValidationException;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.log.VerificationGuard;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/**
 * Appends encoded batches to logs of Apache Kafka, each to a new one, and says what came to be in it: many a JVM.
 *
 *   node scripts/peer.mjs OracleValidate CASES.jsonl SCRATCH
 *
 * A case is a line of JSON; all but `bytes` (base64) may be left out:
 *   {"origin": "client" | "coordinator" | "replica", "nextOffset": N, "leaderEpoch": N, "nowMs": N,
 *    "config": {"retention.ms": "-1"}, "bytes": "..."}
 * The answer is a line as well: {"logEndOffset", "bytes"} with the log's bytes, or {"error": the exception's class}.
 */
public final class OracleValidate {
  private static final KafkaScheduler SCHEDULER = new KafkaScheduler(1);
  /** Markers of the first protocol, whose epoch is that of the transaction. */
  private static final short TRANSACTION_VERSION = 1;

  public static void main(String[] args) throws Exception {
    SCHEDULER.startup();
    int number = 0;
    for (String line : Files.readAllLines(Path.of(args[0]))) {
      File directory = new File(args[1], "t-" + number++);
      ObjectNode answer = Json.object();
      try {
        answer(Json.MAPPER.readTree(line), directory, answer);
      } catch (RecordValidationException e) {
        answer.put("error", e.invalidException().getClass().getSimpleName());
      } catch (Exception | Error e) {
        if (System.getenv("TRACE") != null) e.printStackTrace();
        answer.put("error", e.getClass().getSimpleName());
      }
      System.out.println(answer);
    }
    System.exit(0);
  }

  private static void answer(JsonNode question, File directory, ObjectNode answer) throws Exception {
    long nextOffset = question.path("nextOffset").asLong(0);
    UnifiedLog log = open(directory, question, nextOffset);
    try {
      int leaderEpoch = question.path("leaderEpoch").asInt(0);
      MemoryRecords records =
          MemoryRecords.readableRecords(ByteBuffer.wrap(Base64.getDecoder().decode(question.get("bytes").asText())));
      switch (question.path("origin").asText("client")) {
        case "replica" -> log.appendAsFollower(records, leaderEpoch);
        case "coordinator" -> log.appendAsLeader(records, leaderEpoch, AppendOrigin.COORDINATOR,
            RequestLocal.noCaching(), VerificationGuard.SENTINEL, TRANSACTION_VERSION);
        default -> log.appendAsLeader(records, leaderEpoch);
      }
      answer.put("logEndOffset", log.logEndOffset());
    } finally {
      log.close();
    }
    Path file = directory.toPath().resolve(String.format("%020d.log", nextOffset));
    answer.put("bytes", Base64.getEncoder().encodeToString(Files.readAllBytes(file)));
  }

  private static UnifiedLog open(File directory, JsonNode question, long nextOffset) throws IOException {
    Properties properties = new Properties();
    properties.put("segment.index.bytes", "4096");
    question.path("config").properties().forEach(entry -> properties.put(entry.getKey(), entry.getValue().asText()));
    int maxTransactionTimeoutMs = 900_000;
    int producerExpirationCheckMs = 600_000;
    return UnifiedLog.create(directory, new LogConfig(properties), nextOffset, nextOffset, SCHEDULER,
        new BrokerTopicStats(), new StoppedTime(question.path("nowMs").asLong(0)), maxTransactionTimeoutMs,
        new ProducerStateManagerConfig(86_400_000, false), producerExpirationCheckMs, new LogDirFailureChannel(4),
        true, Optional.empty());
  }

  /** A clock that stands, so that what a log stamps is known. */
  private record StoppedTime(long milliseconds) implements Time {
    @Override
    public long nanoseconds() {
      return milliseconds * 1_000_000;
    }

    @Override
    public void sleep(long ms) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void waitObject(Object object, Supplier<Boolean> condition, long deadlineMs) {
      throw new UnsupportedOperationException();
    }
  }

  private OracleValidate() {}
}
