import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams: parse, join by message, merge, count by place and status; two RocksDB stores with changelogs, both cached.
 * Arguments as bench/engines/core.py has them: BOOTSTRAP NAME TOPIC RECORDS IDLE_SECONDS FOLDER GUARANTEE. One thread.
 */
public final class Ledger implements Processor<byte[], byte[], Void, Void> {
    private static final String MESSAGES = "messages", PLACES = "places";
    private static final AtomicLong seen = new AtomicLong();
    private static volatile long lastNanos;
    private static long every;

    private KeyValueStore<String, byte[]> messages;
    private KeyValueStore<String, byte[]> places;

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        messages = context.getStateStore(MESSAGES);
        places = context.getStateStore(PLACES);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        take(Event.read(record.value()));
        lastNanos = System.nanoTime();
        long now = seen.incrementAndGet();
        if (now == 1) {
            System.out.println("{\"begun\":true}");
        } else if (now % every == 0) {
            System.out.println("{\"at\":" + now + "}");
        }
    }

    private void take(Event event) {
        String key = event.provider + "/" + event.messageId + "/" + event.to;
        byte[] packed = messages.get(key);
        Message message = packed == null ? new Message() : Message.unpack(packed);
        boolean isEmail = "email".equals(event.channel);
        String placeBefore = packed == null ? null : message.place(event.channel);
        int before = packed == null ? -1 : message.status(isEmail);
        message.take(event, isEmail);
        messages.put(key, message.pack());
        String place = message.place(event.channel);
        int after = message.status(isEmail);
        if (place.equals(placeBefore)) {
            if (before != after) {
                count(place, before, after);
            }
            return;
        }
        if (placeBefore != null) {
            count(placeBefore, before, -1);
        }
        count(place, -1, after);
    }

    private void count(String place, int before, int after) {
        byte[] packed = places.get(place);
        int[] totals = packed == null ? new int[Event.STATUSES.size()] : totals(packed);
        if (before >= 0) {
            totals[before]--;
        }
        if (after >= 0) {
            totals[after]++;
        }
        StringBuilder text = new StringBuilder();
        for (int total : totals) {
            text.append(total).append(' ');
        }
        places.put(place, text.toString().getBytes(StandardCharsets.US_ASCII));
    }

    private static int[] totals(byte[] packed) {
        int[] totals = new int[Event.STATUSES.size()];
        int at = 0;
        for (int i = 0; i < totals.length; i++) {
            for (; packed[at] != ' '; at++) {
                totals[i] = totals[i] * 10 + packed[at] - '0';
            }
            at++;
        }
        return totals;
    }

    private static StoreBuilder<KeyValueStore<String, byte[]>> store(String name) {
        return Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore(name), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled()
                .withLoggingEnabled(Map.of());
    }

    public static void main(String[] args) throws InterruptedException {
        long records = Long.parseLong(args[3]);
        double idleSeconds = Double.parseDouble(args[4]);
        every = Math.max(1, records / 20);
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1] + ".streams");
        settings.put(StreamsConfig.STATE_DIR_CONFIG, args[5]);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, args[6]);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put("replication.factor", 1);
        settings.put("auto.offset.reset", "earliest");
        settings.put("session.timeout.ms", 6000);
        settings.put("heartbeat.interval.ms", 2000);
        Topology topology = new Topology()
                .addSource("events", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), args[2])
                .addProcessor("ledger", Ledger::new, "events")
                .addStateStore(store(MESSAGES), "ledger")
                .addStateStore(store(PLACES), "ledger");
        KafkaStreams streams = new KafkaStreams(topology, settings);
        streams.start();
        while (idleSeconds > 0 ? !isIdle(idleSeconds) : seen.get() < records) {
            if (streams.state() == KafkaStreams.State.ERROR) {
                System.exit(1);
            }
            Thread.sleep(5);
        }
        String cells = cells(streams);
        streams.close(Duration.ofSeconds(30));
        System.out.println("{\"done\":" + seen.get() + "}");
        System.out.println("{\"cells\":" + cells + "}");
    }

    private static boolean isIdle(double seconds) {
        return seen.get() > 0 && System.nanoTime() - lastNanos > seconds * 1e9;
    }

    private static String cells(KafkaStreams streams) {
        Map<String, int[]> sums = new TreeMap<>();
        try (var all = streams.store(StoreQueryParameters.fromNameAndType(
                        PLACES, QueryableStoreTypes.<String, byte[]>keyValueStore())).all()) {
            while (all.hasNext()) {
                var found = all.next();
                int[] totals = totals(found.value);
                sums.merge(found.key, totals, (one, other) -> {
                    int[] sum = one.clone();
                    for (int i = 0; i < sum.length; i++) {
                        sum[i] += other[i];
                    }
                    return sum;
                });
            }
        }
        List<String> lines = new ArrayList<>();
        sums.forEach((place, totals) -> {
            StringBuilder line = new StringBuilder();
            for (int total : totals) {
                line.append(line.length() == 0 ? "[" : ",").append(total);
            }
            lines.add("\"" + place.replace("\"", "\\\"") + "\":" + line + "]");
        });
        return "{" + String.join(",", lines) + "}";
    }
}
