import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import redis.clients.jedis.JedisPooled;

class Main {
    public static void main(String[] arguments) throws Exception {
        try (JedisPooled redis = new JedisPooled("127.0.0.1", Integer.parseInt(arguments[0]))) {
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] of = line.split("\t");
                System.out.println(Sender.maySend(redis, of[0], of[1], of[2]));
            }
        }
    }
}
