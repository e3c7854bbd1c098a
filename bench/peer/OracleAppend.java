import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.Base64;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.storage.internals.log.UnifiedLog;

/**
 * Appends encoded batches as a follower does, then says how the log stands and, closed, what it left.
 *
 *   node scripts/peer.mjs OracleAppend CASES.jsonl
 *
 * A case: {"dir": "/x/t-0", "config": {"internal.segment.bytes": "5000", ...}, "appends": [base64, ...]}, each append one or
 * more batches, with `clean`, `logStartOffset`, `recoveryPoint` and `now` as in OracleRecover. The answer is as there, with
 * `appends`: the log end behind each, or the error that refused it.
 */
public final class OracleAppend {
  public static void main(String[] args) throws Exception {
    OracleLog.answerAll(args[0], (question, answer) -> {
      try (UnifiedLog log = OracleLog.open(question)) {
        ArrayNode appends = answer.putArray("appends");
        for (JsonNode append : question.get("appends")) {
          byte[] bytes = Base64.getDecoder().decode(append.asText());
          try {
            // No batch is from a later epoch than the leader's, so that none is dropped for it.
            log.appendAsFollower(MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)), Integer.MAX_VALUE);
            appends.addObject().put("logEndOffset", log.logEndOffset());
          } catch (Exception e) {
            if (System.getenv("TRACE") != null) e.printStackTrace();
            appends.addObject().put("logEndOffset", log.logEndOffset()).put("error", Json.error(e));
          }
        }
        log.updateHighWatermark(log.logEndOffset());
        OracleLog.describe(log, answer);
      }
      OracleLog.describeFiles(new File(question.get("dir").asText()), answer);
    });
  }

  private OracleAppend() {}
}
