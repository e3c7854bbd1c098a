import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.Readable;

/**
 * What Kafka's own generated classes make of messages.
 *
 *   node scripts/peer.mjs OracleMessages CASES.jsonl
 *
 * A case is {"class":FULL_NAME,"version":N,"bytes":BASE64}; its answer {"json":TEXT,"bytes":BASE64,"left":N}: the message
 * as Kafka's JSON converter prints it, as Kafka writes it again, and how many bytes were not read; or {"error":TEXT}.
 */
public final class OracleMessages {
  public static void main(String[] args) throws Exception {
    try (PrintStream out =
        new PrintStream(new BufferedOutputStream(System.out, 1 << 16), false, StandardCharsets.UTF_8)) {
      for (String line : Files.readAllLines(Path.of(args[0]))) out.println(answer(Json.MAPPER.readTree(line)));
    }
  }

  private static ObjectNode answer(JsonNode given) {
    try {
      short version = (short) given.get("version").intValue();
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(given.get("bytes").textValue()));
      Class<?> type = Class.forName(given.get("class").textValue());
      Message message =
          (Message) type.getConstructor(Readable.class, short.class).newInstance(new ByteBufferAccessor(bytes), version);
      Class<?> converter = Class.forName(type.getName() + "JsonConverter");
      Object json = converter.getMethod("write", type, short.class).invoke(null, message, version);
      ByteBuffer written = MessageUtil.toByteBufferAccessor(message, version).buffer();
      byte[] copy = new byte[written.remaining()];
      written.get(copy);
      return Json.object().put("json", json.toString()).put("bytes", Base64.getEncoder().encodeToString(copy))
          .put("left", bytes.remaining());
    } catch (ReflectiveOperationException | RuntimeException e) {
      return Json.object().put("error", Json.error(e.getCause() == null ? e : e.getCause()));
    }
  }

  private OracleMessages() {}
}
