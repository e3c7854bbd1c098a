import java.io.File;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/** Opens one partition directory with Apache Kafka's own log engine, without a broker around it. */
final class KafkaLog {
  private static final KafkaScheduler SCHEDULER = new KafkaScheduler(1);

  static {
    SCHEDULER.startup();
  }

  /** Where a broker would open a partition: what its checkpoints and its clean-shutdown marker tell it. */
  record Start(long logStartOffset, long recoveryPoint, boolean clean) {
    static final Start CLEAN = new Start(0, 0, true);
    static final Start UNCLEAN = new Start(0, 0, false);
  }

  static UnifiedLog open(File directory, Map<String, String> config, Start start) throws IOException {
    Properties properties = new Properties();
    properties.putAll(config);
    int maxTransactionTimeoutMs = 900_000;
    int producerExpirationCheckMs = 600_000;
    return UnifiedLog.create(directory, new LogConfig(properties), start.logStartOffset(), start.recoveryPoint(),
        SCHEDULER, new BrokerTopicStats(), Time.SYSTEM, maxTransactionTimeoutMs,
        new ProducerStateManagerConfig(86_400_000, false), producerExpirationCheckMs, new LogDirFailureChannel(4),
        start.clean(), Optional.empty());
  }

  private KafkaLog() {}
}
