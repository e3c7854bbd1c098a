import java.io.File;
import org.apache.kafka.storage.internals.log.UnifiedLog;

/**
 * Opens partition directories as a broker would after any end, closes them, and says what is left: thousands a minute.
 *
 *   node scripts/peer.mjs OracleRecover CASES.jsonl
 *
 * A case: {"dir": "/x/t-0", "clean": false, "logStartOffset": 0, "recoveryPoint": 0, "now": T, "config": {...}}. The answer
 * has the open log's offsets, segments, producers, leader epochs and snapshots, and the closed log's files; or
 * {"dir", "error", "thrownAt"}.
 */
public final class OracleRecover {
  public static void main(String[] args) throws Exception {
    OracleLog.answerAll(args[0], (question, answer) -> {
      try (UnifiedLog log = OracleLog.open(question)) {
        // Alone, a log has no replicas to wait for: its last stable offset then depends on its transactions only.
        log.updateHighWatermark(log.logEndOffset());
        OracleLog.describe(log, answer);
      }
      OracleLog.describeFiles(new File(question.get("dir").asText()), answer);
    });
  }

  private OracleRecover() {}
}
