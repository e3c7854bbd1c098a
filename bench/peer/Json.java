import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.internal.Record;

/** The JSON forms that these programs share; those of batches and records are the ones of `fixtures/README.md`. */
final class Json {
  static final ObjectMapper MAPPER = new ObjectMapper();
  /** Longer byte strings are given as a digest. */
  private static final int MAX_PLAIN_BYTES = 48;

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static ObjectNode record(Record record) {
    ObjectNode line = object().put("type", "record").put("offset", record.offset()).put("timestamp", record.timestamp());
    line.put("key", record.hasKey() ? bytes(record.key()) : null);
    line.put("value", record.hasValue() ? bytes(record.value()) : null);
    ArrayNode headers = line.putArray("headers");
    for (Header header : record.headers()) {
      headers.addArray().add(bytes(header.key().getBytes(StandardCharsets.UTF_8))).add(bytes(header.value()));
    }
    return line;
  }

  static String bytes(ByteBuffer buffer) {
    byte[] copy = new byte[buffer.remaining()];
    buffer.duplicate().get(copy);
    return bytes(copy);
  }

  /** Base64, or `sha256:DIGEST:LENGTH` with the digest's first 16 hex digits when long. */
  static String bytes(byte[] bytes) {
    if (bytes == null) return null;
    if (bytes.length <= MAX_PLAIN_BYTES) return Base64.getEncoder().encodeToString(bytes);
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return "sha256:" + HexFormat.of().formatHex(digest, 0, 8) + ":" + bytes.length;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static String error(Throwable error) {
    return error.getClass().getSimpleName() + ": " + error.getMessage();
  }

  private Json() {}
}
