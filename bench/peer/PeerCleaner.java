import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.utils.Throttler;

/**
 * Apache Kafka's own cleaner, in process, on the work that `seglog bench compact` does.
 *
 *   node scripts/peer.mjs PeerCleaner DIR RECORDS RECORD_BYTES DISTINCT_KEYS [CODEC [ROUNDS]]
 *
 * Prints one JSON line for each round: a new log of 100 MiB segments, 1000 records a batch, is compacted but for its active
 * segment. The time is that of the cleaner alone. The first rounds warm the JIT: quote the later ones.
 */
public final class PeerCleaner {
  private static final int RECORDS_PER_BATCH = 1000;
  private static final int MAP_BYTES = 128 << 20;
  private static final double LOAD_FACTOR = 0.9;
  private static final int IO_BYTES = 512 << 10;
  private static final int MAX_IO_BYTES = 64 << 20;
  private static final Map<String, String> CONFIG = Map.of("internal.segment.bytes", String.valueOf(100 << 20),
      "cleanup.policy", "compact", "file.delete.delay.ms", "0", "delete.retention.ms", "86400000");

  private final File directory;
  private final int records;
  private final int recordBytes;
  private final int distinctKeys;
  private final String codec;

  private PeerCleaner(String[] args) {
    directory = new File(args[0], "t-0");
    records = Integer.parseInt(args[1]) / RECORDS_PER_BATCH * RECORDS_PER_BATCH;
    recordBytes = Integer.parseInt(args[2]);
    distinctKeys = Integer.parseInt(args[3]);
    codec = args.length > 4 ? args[4] : "none";
  }

  public static void main(String[] args) throws Exception {
    PeerCleaner peer = new PeerCleaner(args);
    int rounds = args.length > 5 ? Integer.parseInt(args[5]) : 3;
    for (int round = 0; round < rounds; round++) peer.run(round);
    Utils.delete(peer.directory);
    System.exit(0);
  }

  private void run(int round) throws Exception {
    Utils.delete(directory);
    if (!directory.mkdirs()) throw new IllegalStateException("could not make " + directory);
    UnifiedLog log = KafkaLog.open(directory, CONFIG, KafkaLog.Start.CLEAN);
    append(log);
    log.updateHighWatermark(log.logEndOffset());
    long end = log.activeSegment().baseOffset();
    long before = log.size() - log.activeSegment().size();
    Cleaner cleaner = new Cleaner(0, new SkimpyOffsetMap(MAP_BYTES), IO_BYTES, MAX_IO_BYTES, LOAD_FACTOR,
        new Throttler(Double.MAX_VALUE, 300, "cleaner-io", "bytes", Time.SYSTEM), Time.SYSTEM, partition -> { });
    long started = System.nanoTime();
    cleaner.doClean(new LogToClean(log, 0, end, false), System.currentTimeMillis());
    double seconds = (System.nanoTime() - started) / 1e9;
    long after = log.size() - log.activeSegment().size();
    System.out.printf(Locale.ROOT, "{\"peer\":\"kafka-4.3.1\",\"round\":%d,\"work\":\"compact\",\"records\":%d,\"bytes\":%d,"
        + "\"seconds\":%.4f,\"recordsPerSecond\":%.0f,\"megabytesPerSecond\":%.1f,\"bytesAfter\":%d,\"recordBytes\":%d,"
        + "\"distinctKeys\":%d,\"compression\":\"%s\"}%n", round, end, before, seconds, end / seconds,
        before / 1e6 / seconds, after, recordBytes, distinctKeys, codec);
    log.close();
  }

  private void append(UnifiedLog log) throws Exception {
    Compression compression = Compression.of(CompressionType.forName(codec)).build();
    ByteBuffer buffer = ByteBuffer.allocate(RECORDS_PER_BATCH * (recordBytes + 60) + 200);
    byte[][] values = randomValues(1024, recordBytes);
    Random random = new Random(5);
    long firstTimestamp = System.currentTimeMillis() - records;
    for (int first = 0; first < records; first += RECORDS_PER_BATCH) {
      buffer.clear();
      MemoryRecordsBuilder batch =
          MemoryRecords.builder(buffer, RecordBatch.MAGIC_VALUE_V2, compression, TimestampType.CREATE_TIME, 0L);
      for (int i = 0; i < RECORDS_PER_BATCH; i++) {
        byte[] key = ("key-" + random.nextInt(distinctKeys)).getBytes(StandardCharsets.US_ASCII);
        batch.append(firstTimestamp + first, key, values[(first + i) & 1023]);
      }
      log.appendAsLeader(batch.build(), 0);
    }
  }

  private static byte[][] randomValues(int count, int bytes) {
    Random random = new Random(1);
    byte[][] values = new byte[count][bytes];
    for (byte[] value : values) for (int i = 0; i < bytes; i++) value[i] = (byte) ('A' + random.nextInt(26));
    return values;
  }
}
