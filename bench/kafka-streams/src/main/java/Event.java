import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The fields of a submit or a receipt that joining, merging and counting ask for. */
final class Event {
    static final List<String> STATUSES = List.of(
            "queued", "sent", "accepted", "deferred", "delivered_network", "delivered_handset", "read",
            "failed", "rejected", "expired", "cancelled", "unknown");
    private static final List<String> CATEGORIES = List.of(
            "invalid_address_format", "recipient_unknown", "domain_unknown", "recipient_moved", "recipient_inactive",
            "recipient_not_capable", "recipient_unreachable", "recipient_storage_full", "recipient_barred", "opted_out",
            "complaint", "do_not_contact_registry", "provider_suppressed", "frequency_capped", "spam_filtered",
            "content_rejected", "malware_detected", "message_too_large", "message_invalid", "session_or_template_error",
            "sender_reputation_blocked", "sender_auth_failed", "sender_not_authorized", "policy_rejected", "rate_limited",
            "routing_error", "network_or_system_error", "expired", "account_problem", "auto_reply", "unknown");
    private static final List<String> PERMANENCES = List.of("permanent", "transient", "none");
    private static final Map<String, Integer> STATUS = numbers(STATUSES);
    private static final Map<String, Integer> CATEGORY = numbers(CATEGORIES);
    private static final Map<String, Integer> PERMANENCE = numbers(PERMANENCES);
    private static final JsonFactory JSON = new JsonFactory();

    boolean isSubmit;
    String provider;
    String messageId;
    String to;
    String channel;
    String route;
    String carrier;
    boolean isGuess;
    long atMs;
    long submittedMs = -1;
    int status;
    int category = CATEGORIES.size() - 1;
    int permanence = PERMANENCES.size() - 1;

    static Event read(byte[] value) {
        Event event = new Event();
        try (JsonParser json = JSON.createParser(value)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                event.take(name, json);
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return event;
    }

    private void take(String name, JsonParser json) throws IOException {
        switch (name) {
            case "kind" -> isSubmit = json.getText().equals("submit");
            case "provider" -> provider = json.getText();
            case "message_id" -> messageId = json.getText();
            case "to" -> to = json.getText();
            case "channel" -> channel = json.getText();
            case "route" -> route = json.getValueAsString();
            case "carrier" -> carrier = json.getValueAsString();
            case "carrier_is_guess" -> isGuess = json.getBooleanValue();
            case "at" -> atMs = Instant.parse(json.getText()).toEpochMilli();
            case "submitted_at" -> submittedMs = Instant.parse(json.getText()).toEpochMilli();
            case "status" -> status = STATUS.get(json.getText());
            case "category" -> category = CATEGORY.get(json.getText());
            case "permanence" -> permanence = PERMANENCE.get(json.getText());
            default -> json.skipChildren();
        }
    }

    private static Map<String, Integer> numbers(List<String> names) {
        Map<String, Integer> numbers = new HashMap<>();
        for (String name : names) {
            numbers.put(name, numbers.size());
        }
        return numbers;
    }
}
