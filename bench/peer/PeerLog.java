import java.io.File;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.server.common.RequestLocal;
import org.apache.kafka.server.common.TransactionVersion;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.log.VerificationGuard;

/**
 * Apache Kafka's own log engine (UnifiedLog), in process, on the work that `seglog bench` does.
 *
 *   node scripts/peer.mjs PeerLog DIR RECORDS RECORD_BYTES RECORDS_PER_BATCH [CODEC [ROUNDS [WORK,WORK...]]]
 *
 * Prints one JSON line for each round and work:
 *   append                encode each batch from separate values, then appendAsLeader
 *   read                  1 MiB reads, CRC checked, every record visited
 *   seek                  200,000 times a random offset to its batch
 *   recover               open as after an unclean stop, recovery point 0; alone, the same log in all rounds
 *   append-idempotent     append, with the sequences of one producer
 *   append-transactional  the same in transactions: a commit marker behind every ten batches
 * The first rounds warm the JIT: quote the later ones. What a work needs is appended first. Where all works only read it, it
 * is appended once and every round reads the same file, as `seglog bench` does.
 */
public final class PeerLog {
  /** A round takes too little time for the JIT. */
  private static final int RECOVERY_WARM_UPS = 8;
  private static final int SEEKS = 200_000;
  private static final int READ_BYTES = 1 << 20;
  private static final int TRANSACTION_BATCHES = 10;
  private static final long PRODUCER_ID = 1000;
  private static final short PRODUCER_EPOCH = 0;
  private static final List<String> ON_APPENDED = List.of("append", "read", "seek", "recover");
  private static final List<String> READING = List.of("read", "seek");
  private static final Map<String, String> CONFIG =
      Map.of("segment.bytes", String.valueOf(1 << 30), "max.message.bytes", String.valueOf(64 << 20));
  /** Values are shared by records: large ones are fewer, for the heap. */
  private static final int MOST_VALUE_BYTES = 64 << 20;

  private final File directory;
  private final int records;
  private final int recordBytes;
  private final int recordsPerBatch;
  private final String codec;
  private final byte[][] values;
  private int round;

  private PeerLog(String[] args) {
    directory = new File(args[0], "t-0");
    recordsPerBatch = Integer.parseInt(args[3]);
    records = Integer.parseInt(args[1]) / recordsPerBatch * recordsPerBatch;
    recordBytes = Integer.parseInt(args[2]);
    codec = args.length > 4 ? args[4] : "none";
    int count = Integer.highestOneBit(MOST_VALUE_BYTES / Math.max(1, recordBytes));
    values = randomValues(Math.min(1024, count), recordBytes);
  }

  public static void main(String[] args) throws Exception {
    PeerLog peer = new PeerLog(args);
    int rounds = args.length > 5 ? Integer.parseInt(args[5]) : 4;
    List<String> works = List.of((args.length > 6 ? args[6] : "append,read,seek,recover").split(","));
    if (READING.containsAll(works)) peer.readAgain(works, rounds);
    else for (peer.round = 0; peer.round < rounds; peer.round++) peer.run(works);
    Utils.delete(peer.directory);
    System.exit(0);
  }

  private void run(List<String> works) throws Exception {
    if (works.stream().anyMatch(ON_APPENDED::contains)) runOnAppended(works);
    if (works.contains("append-idempotent")) appendAsProducer("append-idempotent", false);
    if (works.contains("append-transactional")) appendAsProducer("append-transactional", true);
  }

  private void readAgain(List<String> works, int rounds) throws Exception {
    UnifiedLog log = openEmpty();
    append(log);
    for (round = 0; round < rounds; round++) {
      if (works.contains("read")) read(log);
      if (works.contains("seek")) seek(log);
    }
    log.close();
  }

  private UnifiedLog openEmpty() throws Exception {
    Utils.delete(directory);
    if (!directory.mkdirs()) throw new IllegalStateException("could not make " + directory);
    return KafkaLog.open(directory, CONFIG, KafkaLog.Start.CLEAN);
  }

  private void runOnAppended(List<String> works) throws Exception {
    if (round > 0 && works.equals(List.of("recover"))) {
      recover();
      return;
    }
    UnifiedLog log = openEmpty();
    append(log);
    if (works.contains("read")) read(log);
    if (works.contains("seek")) seek(log);
    log.close();
    if (!works.contains("recover")) return;
    for (int i = 0; i < RECOVERY_WARM_UPS && round == 0; i++) openUnclean().close();
    recover();
  }

  private void append(UnifiedLog log) throws Exception {
    Compression compression = Compression.of(CompressionType.forName(codec)).build();
    ByteBuffer buffer = ByteBuffer.allocate(recordsPerBatch * (recordBytes + 30) + 200);
    // None lies ahead: a broker takes no time that is an hour from now.
    long now = System.currentTimeMillis() - records;
    long started = System.nanoTime();
    for (int first = 0; first < records; first += recordsPerBatch) {
      buffer.clear();
      MemoryRecordsBuilder batch =
          MemoryRecords.builder(buffer, RecordBatch.MAGIC_VALUE_V2, compression, TimestampType.CREATE_TIME, 0L);
      for (int i = 0; i < recordsPerBatch; i++) batch.append(now + first, (byte[]) null, valueOf(first + i));
      log.appendAsLeader(batch.build(), 0);
    }
    report("append", records, log.size(), System.nanoTime() - started);
  }

  private void appendAsProducer(String work, boolean isTransactional) throws Exception {
    Compression compression = Compression.of(CompressionType.forName(codec)).build();
    ByteBuffer buffer = ByteBuffer.allocate(recordsPerBatch * (recordBytes + 30) + 200);
    EndTransactionMarker commit = new EndTransactionMarker(ControlRecordType.COMMIT, 0);
    UnifiedLog log = openEmpty();
    int uncommitted = 0;
    // None lies ahead: a broker takes no time that is an hour from now.
    long now = System.currentTimeMillis() - records;
    long started = System.nanoTime();
    for (int first = 0; first < records; first += recordsPerBatch) {
      buffer.clear();
      MemoryRecordsBuilder batch = MemoryRecords.builder(buffer, RecordBatch.MAGIC_VALUE_V2, compression,
          TimestampType.CREATE_TIME, 0L, RecordBatch.NO_TIMESTAMP, PRODUCER_ID, PRODUCER_EPOCH, first, isTransactional,
          RecordBatch.NO_PARTITION_LEADER_EPOCH);
      for (int i = 0; i < recordsPerBatch; i++) batch.append(now + first, (byte[]) null, valueOf(first + i));
      log.appendAsLeader(batch.build(), 0);
      if (!isTransactional || (++uncommitted < TRANSACTION_BATCHES && first + recordsPerBatch < records)) continue;
      uncommitted = 0;
      MemoryRecords marker =
          MemoryRecords.withEndTransactionMarker(System.currentTimeMillis(), PRODUCER_ID, PRODUCER_EPOCH, commit);
      log.appendAsLeader(marker, 0, AppendOrigin.COORDINATOR, RequestLocal.noCaching(), VerificationGuard.SENTINEL,
          TransactionVersion.TV_1.featureLevel());
    }
    report(work, records, log.size(), System.nanoTime() - started);
    log.close();
  }

  private byte[] valueOf(int record) {
    return values[record & (values.length - 1)];
  }

  private void read(UnifiedLog log) throws Exception {
    ByteBuffer chunk = ByteBuffer.allocate(2 * READ_BYTES);
    long end = log.logEndOffset();
    long offset = 0;
    long count = 0;
    long valueBytes = 0;
    long started = System.nanoTime();
    while (offset < end) {
      FileRecords slice = (FileRecords) log.read(offset, READ_BYTES, FetchIsolation.LOG_END, true).records;
      chunk.clear();
      slice.readInto(chunk, 0);
      for (MutableRecordBatch batch : MemoryRecords.readableRecords(chunk).batches()) {
        batch.ensureValid();
        for (Record record : batch) {
          count++;
          valueBytes += record.valueSize();
          offset = record.offset() + 1;
        }
      }
    }
    long nanos = System.nanoTime() - started;
    if (count != records) throw new IllegalStateException("read " + count + " of " + records);
    if (valueBytes != (long) records * recordBytes) throw new IllegalStateException("read " + valueBytes + " bytes");
    report("read", count, log.size(), nanos);
  }

  private void seek(UnifiedLog log) throws Exception {
    Random random = new Random(2);
    long end = log.logEndOffset();
    long touched = 0;
    long started = System.nanoTime();
    for (int i = 0; i < SEEKS; i++) {
      long offset = (long) (random.nextDouble() * end);
      touched += log.read(offset, 1, FetchIsolation.LOG_END, true).records.sizeInBytes();
    }
    report("seek", SEEKS, touched, System.nanoTime() - started);
  }

  private void recover() throws Exception {
    long started = System.nanoTime();
    UnifiedLog log = openUnclean();
    report("recover", records, log.size(), System.nanoTime() - started);
    log.close();
  }

  private UnifiedLog openUnclean() throws Exception {
    return KafkaLog.open(directory, CONFIG, KafkaLog.Start.UNCLEAN);
  }

  private void report(String work, long count, long bytes, long nanos) {
    double seconds = nanos / 1e9;
    System.out.printf(Locale.ROOT, "{\"peer\":\"kafka-4.3.1\",\"round\":%d,\"work\":\"%s\",\"records\":%d,\"bytes\":%d,"
        + "\"seconds\":%.4f,\"recordsPerSecond\":%.0f,\"megabytesPerSecond\":%.1f,\"recordBytes\":%d,"
        + "\"recordsPerBatch\":%d,\"compression\":\"%s\"}%n", round, work, count, bytes, seconds, count / seconds,
        bytes / 1e6 / seconds, recordBytes, recordsPerBatch, codec);
  }

  private static byte[][] randomValues(int count, int bytes) {
    Random random = new Random(1);
    byte[][] values = new byte[count][bytes];
    for (byte[] value : values) for (int i = 0; i < bytes; i++) value[i] = (byte) ('A' + random.nextInt(26));
    return values;
  }
}
