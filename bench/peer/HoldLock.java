import java.io.File;
import org.apache.kafka.server.util.FileLock;

/**
 * Takes the lock of a log directory as Kafka's LogManager does, with its own class.
 *
 *   node scripts/peer.mjs HoldLock LOG_DIRECTORY
 *
 * Prints "held" and holds on until the standard input ends, or prints "refused" and ends.
 */
public final class HoldLock {
  private HoldLock() {}

  public static void main(String[] args) throws Exception {
    FileLock lock = new FileLock(new File(args[0], ".lock"));
    if (!lock.tryLock()) {
      System.out.println("refused");
      return;
    }
    System.out.println("held");
    while (System.in.read() != -1) {}
    lock.destroy();
  }
}
