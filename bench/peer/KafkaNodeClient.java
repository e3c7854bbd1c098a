import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;

/**
 * What Apache Kafka's own clients say of a broker; the questions of {@link KafkaNode}:
 *
 *   {"op": "topics"}    {"topics": [{"name", "id", "configs": {..}, "partitions": [{"leader", "replicas", "isr"}]}]}, internal ones too
 *   {"op": "create", "topic", "partitions", "configs"}, {"op": "delete", "topic"}, {"op": "grow", "topic", "partitions"},
 *   {"op": "alter", "topic", "configs": {"name": "value" or null}}
 *   {"op": "produce", "topic", "partition", "compression", "transactionalId", "abort", "leaveOpen", "records": [{"timestamp", "key", "value", "headers"}]}
 *   {"op": "consume", "partitions": [["topic", 0], ...], "isolation"}    {"partitions": [{"topic", "partition", "from", "to", "records": [...]}]},
 *   all records that there are
 *   {"op": "groups"}    {"groups": {ID: {"state", "committed": {"topic-0": {"offset", "leaderEpoch", "metadata"}}}}}
 *   {"op": "commit", "group", "offsets": {"topic": [offset of partition 0, ...]}}    as a consumer without a group's members does
 *   {"op": "join", "group", "topics", "count"}    reads so many records as a member, commits and leaves: {"records": [...]}
 *   {"op": "logDirs"}   {"directories": {PATH: ["topic-0", ...]}, "offline": [PATH, ...]}
 *
 * Bytes come in base64 or null; in answers they are as {@link Json} gives them.
 */
final class KafkaNodeClient implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private final String bootstrap;
  private final Admin admin;

  KafkaNodeClient(String bootstrap) {
    this.bootstrap = bootstrap;
    this.admin = Admin.create(new HashMap<>(Map.of("bootstrap.servers", bootstrap)));
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(5));
  }

  void answer(JsonNode question, ObjectNode answer) throws Exception {
    String topic = question.path("topic").asText();
    switch (question.get("op").asText()) {
      case "topics" -> topics(answer);
      case "create" -> {
        int partitions = question.path("partitions").asInt(1);
        NewTopic made = new NewTopic(topic, partitions, (short) 1).configs(texts(question.path("configs")));
        answer.put("id", admin.createTopics(List.of(made)).topicId(topic).get().toString());
        await(topic, partitions);
      }
      case "delete" -> admin.deleteTopics(List.of(topic)).all().get();
      case "grow" -> {
        int partitions = question.get("partitions").asInt();
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(partitions))).all().get();
        await(topic, partitions);
      }
      case "alter" -> alter(topic, question.get("configs"));
      case "produce" -> produce(question, answer);
      case "consume" -> consume(question, answer);
      case "groups" -> groups(answer);
      case "commit" -> commit(question);
      case "join" -> join(question, answer);
      case "logDirs" -> logDirs(answer);
      default -> throw new IllegalArgumentException("unknown op");
    }
  }

  private void topics(ObjectNode answer) throws Exception {
    Collection<String> names = new TreeSet<>(admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get());
    Map<String, TopicDescription> topics = admin.describeTopics(names).allTopicNames().get();
    Map<ConfigResource, Config> configs = admin.describeConfigs(names.stream().map(KafkaNodeClient::resource).toList()).all().get();
    ArrayNode lines = answer.putArray("topics");
    for (String name : names) {
      ObjectNode line = lines.addObject().put("name", name).put("id", topics.get(name).topicId().toString());
      ObjectNode own = line.putObject("configs");
      configs.get(resource(name)).entries().stream().filter(e -> e.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG)
          .sorted((a, b) -> a.name().compareTo(b.name())).forEach(e -> own.put(e.name(), e.value()));
      ArrayNode partitions = line.putArray("partitions");
      for (TopicPartitionInfo partition : topics.get(name).partitions()) {
        ObjectNode one = partitions.addObject().put("leader", partition.leader() == null ? -1 : partition.leader().id());
        partition.replicas().forEach(node -> one.withArray("replicas").add(node.id()));
        partition.isr().forEach(node -> one.withArray("isr").add(node.id()));
      }
    }
  }

  /** The controller has said yes; the broker knows of it a moment later. */
  private void await(String topic, int partitions) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      try {
        List<TopicPartitionInfo> known = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions();
        if (known.size() == partitions && known.stream().allMatch(one -> one.leader() != null)) return;
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) throw e;
      }
      Thread.sleep(20);
    }
    throw new IllegalStateException("the broker does not learn of " + topic);
  }

  private void alter(String topic, JsonNode configs) throws Exception {
    List<AlterConfigOp> changes = new ArrayList<>();
    configs.properties().forEach(e -> changes.add(new AlterConfigOp(new ConfigEntry(e.getKey(), e.getValue().asText(null)),
        e.getValue().isNull() ? AlterConfigOp.OpType.DELETE : AlterConfigOp.OpType.SET)));
    admin.incrementalAlterConfigs(Map.of(resource(topic), changes)).all().get();
  }

  private void produce(JsonNode question, ObjectNode answer) throws Exception {
    Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "linger.ms", "20",
        "compression.type", question.path("compression").asText("none")));
    boolean transactional = question.hasNonNull("transactionalId");
    if (transactional) config.put("transactional.id", question.get("transactionalId").asText());
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      if (transactional) {
        producer.initTransactions();
        producer.beginTransaction();
      }
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (JsonNode record : question.get("records")) {
        List<Header> headers = new ArrayList<>();
        for (JsonNode header : record.path("headers")) {
          headers.add(new RecordHeader(header.get(0).asText(), bytes(header.get(1))));
        }
        sent.add(producer.send(new ProducerRecord<>(question.get("topic").asText(), question.path("partition").asInt(0),
            record.hasNonNull("timestamp") ? record.get("timestamp").asLong() : null, bytes(record.path("key")),
            bytes(record.path("value")), headers)));
      }
      producer.flush();
      for (Future<RecordMetadata> one : sent) answer.withArray("offsets").add(one.get().offset());
      if (!transactional) return;
      // As a producer that dies.
      if (question.path("leaveOpen").asBoolean()) producer.close(Duration.ZERO);
      else if (question.path("abort").asBoolean()) producer.abortTransaction();
      else producer.commitTransaction();
    }
  }

  private void consume(JsonNode question, ObjectNode answer) {
    List<TopicPartition> partitions = new ArrayList<>();
    Map<TopicPartition, ArrayNode> records = new HashMap<>();
    ArrayNode lines = answer.putArray("partitions");
    Map<String, Object> config = Map.of("isolation.level", question.path("isolation").asText("read_uncommitted"));
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(config)) {
      question.get("partitions").forEach(one -> partitions.add(new TopicPartition(one.get(0).asText(), one.get(1).asInt())));
      Map<TopicPartition, Long> starts = consumer.beginningOffsets(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      for (TopicPartition partition : partitions) {
        records.put(partition, lines.addObject().put("topic", partition.topic()).put("partition", partition.partition())
            .put("from", starts.get(partition)).put("to", ends.get(partition)).putArray("records"));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      // Markers and what was aborted are gone over: only the position tells that the end was reached.
      while (!partitions.stream().allMatch(partition -> consumer.position(partition) >= ends.get(partition))) {
        if (System.nanoTime() > deadline) throw new IllegalStateException("not all records came");
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          records.get(new TopicPartition(record.topic(), record.partition())).add(json(record));
        }
      }
    }
  }

  /**
   * Returns when each partition of the groups' topic has been loaded: those whose loading has not begun are left out of lists of groups
   * without an error, as if their groups were not there. What one group committed is asked for until its partition answers.
   */
  private void awaitGroups() throws Exception {
    String name = Topic.GROUP_METADATA_TOPIC_NAME;
    if (!admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get().contains(name)) return;
    int partitions = admin.describeTopics(List.of(name)).allTopicNames().get().get(name).partitions().size();
    Map<Integer, String> groups = new HashMap<>();
    for (int i = 0; groups.size() < partitions; i++) {
      groups.putIfAbsent(Utils.abs(("nobody-" + i).hashCode()) % partitions, "nobody-" + i);
    }
    Map<String, ListConsumerGroupOffsetsSpec> all = new HashMap<>();
    groups.values().forEach(group -> all.put(group, new ListConsumerGroupOffsetsSpec()));
    admin.listConsumerGroupOffsets(all).all().get();
  }

  private void groups(ObjectNode answer) throws Exception {
    awaitGroups();
    ObjectNode groups = answer.putObject("groups");
    Map<String, String> states = new TreeMap<>();
    admin.listGroups().all().get().forEach(group -> states.put(group.groupId(), group.groupState().map(Enum::name).orElse("?")));
    for (Map.Entry<String, String> state : states.entrySet()) {
      ObjectNode group = groups.putObject(state.getKey()).put("state", state.getValue());
      ObjectNode committed = group.putObject("committed");
      Map<String, OffsetAndMetadata> sorted = new TreeMap<>();
      admin.listConsumerGroupOffsets(state.getKey()).partitionsToOffsetAndMetadata().get()
          .forEach((partition, offset) -> sorted.put(partition.toString(), offset));
      sorted.forEach((partition, offset) -> committed.putObject(partition).put("offset", offset.offset())
          .put("leaderEpoch", offset.leaderEpoch().orElse(-1)).put("metadata", offset.metadata()));
    }
  }

  private void commit(JsonNode question) throws Exception {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    question.get("offsets").properties().forEach(topic -> {
      for (int i = 0; i < topic.getValue().size(); i++) {
        offsets.put(new TopicPartition(topic.getKey(), i),
            new OffsetAndMetadata(topic.getValue().get(i).asLong(), Optional.empty(), question.path("metadata").asText("")));
      }
    });
    admin.alterConsumerGroupOffsets(question.get("group").asText(), offsets).all().get();
  }

  private void join(JsonNode question, ObjectNode answer) {
    Map<String, Object> config = Map.of("group.id", question.get("group").asText(), "auto.offset.reset", "earliest",
        "enable.auto.commit", "false", "group.protocol", question.path("protocol").asText("classic"));
    ArrayNode records = answer.putArray("records");
    try (KafkaConsumer<byte[], byte[]> consumer = consumer(config)) {
      List<String> topics = new ArrayList<>();
      question.get("topics").forEach(topic -> topics.add(topic.asText()));
      consumer.subscribe(topics);
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (records.size() < question.get("count").asInt()) {
        if (System.nanoTime() > deadline) throw new IllegalStateException("only " + records.size() + " records came");
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          records.add(json(record).put("topic", record.topic()).put("partition", record.partition()));
        }
      }
      consumer.commitSync();
    }
  }

  private void logDirs(ObjectNode answer) throws Exception {
    ObjectNode directories = answer.putObject("directories");
    ArrayNode offline = answer.putArray("offline");
    int node = admin.describeCluster().nodes().get().iterator().next().id();
    admin.describeLogDirs(List.of(node)).allDescriptions().get().get(node).forEach((path, description) -> {
      if (description.error() != null) offline.add(path);
      ArrayNode partitions = directories.putArray(path);
      description.replicaInfos().keySet().stream().map(TopicPartition::toString).sorted().forEach(partitions::add);
    });
  }

  private KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> more) {
    Map<String, Object> config = new HashMap<>(more);
    config.put("bootstrap.servers", bootstrap);
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private static ObjectNode json(ConsumerRecord<byte[], byte[]> record) {
    ObjectNode line = Json.object().put("offset", record.offset()).put("timestamp", record.timestamp())
        .put("key", Json.bytes(record.key())).put("value", Json.bytes(record.value()));
    ArrayNode headers = line.putArray("headers");
    for (Header header : record.headers()) {
      headers.addArray().add(Json.bytes(header.key().getBytes(StandardCharsets.UTF_8))).add(Json.bytes(header.value()));
    }
    return line;
  }

  private static ConfigResource resource(String topic) {
    return new ConfigResource(ConfigResource.Type.TOPIC, topic);
  }

  private static Map<String, String> texts(JsonNode node) {
    Map<String, String> texts = new HashMap<>();
    node.properties().forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
    return texts;
  }

  private static byte[] bytes(JsonNode base64) {
    return base64.isTextual() ? Base64.getDecoder().decode(base64.asText()) : null;
  }
}
