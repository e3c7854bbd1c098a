import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.FileReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.LogConfig;

/**
 * A whole Apache Kafka, broker and controller in one, started and stopped on directories as often as one likes: JSON lines
 * in, a line of answer for each out. A JVM that is warm starts a broker in about a second, a cold one in five.
 *
 *   {"op": "format", "properties": FILE, "clusterId": ID, "arguments": [...]}    what kafka-storage.sh format does
 *   {"op": "start", "properties": FILE}    what kafka-server-start.sh does; answers when the broker takes requests
 *   {"op": "stop"}                         what SIGTERM does to it
 *   {"op": "configs", "values": [[NAME, VALUE], ...]}    {"refused": [false, ...]}: what a topic's log would not open with
 *   {"op": "brokerConfigs", "values": [[NAME, VALUE], ...]}    {"refused": [false, ...]}: what a broker would not start with
 *
 * All other questions go to {@link KafkaNodeClient}. An answer is an object, with `error` in it where there was one.
 */
public final class KafkaNode {
  private KafkaRaftServer server;
  private KafkaNodeClient client;

  public static void main(String[] args) throws Exception {
    PrintStream answers = System.out;
    // What a broker finds fatal ends the whole process: say so first.
    Exit.setHaltProcedure((status, message) -> {
      answers.println(Json.object().put("error", "halted: " + message));
      answers.flush();
      Runtime.getRuntime().halt(status);
    });
    System.setOut(System.err); // The tools of Kafka print what is no answer.
    KafkaNode node = new KafkaNode();
    BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = questions.readLine(); line != null; line = questions.readLine()) {
      ObjectNode answer = Json.object();
      try {
        node.answer(Json.MAPPER.readTree(line), answer);
      } catch (Exception | Error e) {
        if (System.getenv("TRACE") != null) e.printStackTrace();
        answer.put("error", Json.error(e.getCause() == null ? e : e.getCause()));
      }
      answers.println(answer);
      answers.flush();
    }
    node.stop();
    System.exit(0);
  }

  private void answer(JsonNode question, ObjectNode answer) throws Exception {
    switch (question.get("op").asText()) {
      case "format" -> format(question);
      case "start" -> start(question.get("properties").asText());
      case "stop" -> stop();
      case "configs" -> question.get("values").forEach(one -> answer.withArray("refused").add(refuses(one)));
      case "brokerConfigs" -> question.get("values").forEach(one -> answer.withArray("refused").add(brokerRefuses(one)));
      default -> {
        if (client == null) throw new IllegalStateException("no broker runs");
        client.answer(question, answer);
      }
    }
  }

  private static void format(JsonNode question) throws Exception {
    List<String> args = new ArrayList<>(List.of("format", "--config",
        question.get("properties").asText(), "--cluster-id", question.get("clusterId").asText()));
    question.path("arguments").forEach(argument -> args.add(argument.asText()));
    if (StorageTool.execute(args.toArray(String[]::new), System.err) != 0) throw new IllegalStateException("not formatted");
  }

  private static boolean refuses(JsonNode config) {
    Properties properties = new Properties();
    properties.put(config.get(0).asText(), config.get(1).asText());
    try {
      LogConfig.fromProps(Map.of(), properties);
      return false;
    } catch (ConfigException e) {
      return true;
    }
  }

  private static boolean brokerRefuses(JsonNode config) {
    Properties properties = new Properties();
    properties.put("process.roles", "broker,controller");
    properties.put("node.id", "1");
    properties.put("controller.quorum.voters", "1@localhost:2");
    properties.put("listeners", "PLAINTEXT://localhost:1,CONTROLLER://localhost:2");
    properties.put("controller.listener.names", "CONTROLLER");
    properties.put(config.get(0).asText(), config.get(1).asText());
    try {
      new LogConfig(KafkaConfig.fromProps(properties).extractLogConfigMap());
      return false;
    } catch (ConfigException | IllegalArgumentException e) {
      return true;
    }
  }

  private void start(String file) throws Exception {
    Properties properties = new Properties();
    try (FileReader reader = new FileReader(file, StandardCharsets.UTF_8)) {
      properties.load(reader);
    }
    KafkaRaftServer starting = new KafkaRaftServer(KafkaConfig.fromProps(properties), Time.SYSTEM);
    try {
      starting.startup();
    } catch (Exception | Error e) {
      starting.shutdown();
      starting.awaitShutdown();
      throw e;
    }
    server = starting;
    String listener = properties.getProperty("advertised.listeners", properties.getProperty("listeners")).split(",")[0];
    client = new KafkaNodeClient(listener.replaceFirst("^.*://", ""));
  }

  private void stop() {
    if (client != null) client.close();
    if (server != null) {
      server.shutdown();
      server.awaitShutdown();
    }
    client = null;
    server = null;
  }
}
