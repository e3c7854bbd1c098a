import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.FileLogInputStream.FileChannelRecordBatch;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

/**
 * One JSON line for each batch and each record that Apache Kafka itself reads from .log files.
 *
 *   node scripts/peer.mjs ReadBack PARTITION_DIR|FILE.log...
 *
 * Before each file's lines stands {"type":"segment","file":PATH}, after them {"type":"end","bytes":N}: how many of the
 * file's bytes were whole batches. A batch that Kafka refuses, or one of whose records it refuses, has "valid":false and
 * "error", and its records are left out.
 */
public final class ReadBack {
  private static final PrintStream OUT =
      new PrintStream(new BufferedOutputStream(System.out, 1 << 16), false, StandardCharsets.UTF_8);

  public static void main(String[] args) throws Exception {
    for (String path : args) {
      File file = new File(path);
      if (!file.isDirectory()) {
        readSegment(file);
        continue;
      }
      File[] segments = file.listFiles((directory, name) -> name.endsWith(".log"));
      Arrays.sort(segments);
      for (File segment : segments) readSegment(segment);
    }
    OUT.flush();
  }

  private static void readSegment(File file) throws Exception {
    OUT.println(Json.object().put("type", "segment").put("file", file.getPath()));
    long end = 0;
    boolean mutable = false;
    try (FileRecords records = FileRecords.open(file, mutable)) {
      for (FileChannelRecordBatch batch : records.batches()) {
        readBatch(records, batch);
        end = batch.position() + (long) batch.sizeInBytes();
      }
    }
    OUT.println(Json.object().put("type", "end").put("bytes", end));
  }

  private static void readBatch(FileRecords records, FileChannelRecordBatch batch) throws Exception {
    ObjectNode line = describe(batch);
    line.putNull("crc");
    List<ObjectNode> recordLines = new ArrayList<>();
    try {
      if (batch.magic() >= RecordBatch.MAGIC_VALUE_V2) line.put("crc", ((DefaultRecordBatch) load(records, batch)).checksum());
      batch.ensureValid();
      for (Record record : batch) {
        record.ensureValid();
        recordLines.add(Json.record(record));
      }
    } catch (Exception e) {
      OUT.println(line.put("valid", false).put("error", Json.error(e)));
      return;
    }
    OUT.println(line.put("valid", batch.isValid()));
    recordLines.forEach(OUT::println);
  }

  private static ObjectNode describe(FileChannelRecordBatch batch) {
    ObjectNode line = Json.object().put("type", "batch").put("position", batch.position())
        .put("size", batch.sizeInBytes()).put("magic", batch.magic()).put("baseOffset", batch.baseOffset())
        .put("lastOffset", batch.lastOffset()).put("count", batch.countOrNull())
        .put("compression", batch.compressionType().name).put("timestampType", batch.timestampType().name)
        .put("maxTimestamp", batch.maxTimestamp()).put("producerId", batch.producerId())
        .put("producerEpoch", batch.producerEpoch()).put("baseSequence", batch.baseSequence())
        .put("lastSequence", batch.lastSequence()).put("partitionLeaderEpoch", batch.partitionLeaderEpoch())
        .put("isTransactional", batch.isTransactional()).put("isControl", batch.isControlBatch());
    if (batch.deleteHorizonMs().isPresent()) return line.put("deleteHorizonMs", batch.deleteHorizonMs().getAsLong());
    return line.putNull("deleteHorizonMs");
  }

  /** The batch with all its bytes in memory: the file's view of it keeps the checksum to itself. */
  private static RecordBatch load(FileRecords records, FileChannelRecordBatch batch) throws Exception {
    ByteBuffer bytes = ByteBuffer.allocate(batch.sizeInBytes());
    records.channel().read(bytes, batch.position());
    bytes.flip();
    return MemoryRecords.readableRecords(bytes).batches().iterator().next();
  }
}
