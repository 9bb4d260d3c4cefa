import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What acquit.ledger.merge keeps of a message and how it merges, with the labels of acquit.ledger.labels that places need. */
final class Message {
    private static final int NOTHING = -1, SENT = 1;
    private static final int FIRST_AT = 1, SUBMITTED_AT = 2, SUBMIT = 3;
    private static final int[] RANK = {0, 1, 2, 3, 5, 6, 7, -1, -1, -1, -1, 4};
    private static final long HOUR_MS = 3_600_000;

    private byte basis;
    private long basisMs;
    private byte good = NOTHING;
    private byte bad = NOTHING;
    private long deliveredMs;
    private long badMs;
    private byte category = NOTHING;
    private byte permanence = NOTHING;
    private boolean isSubmitted;
    private boolean isReported;
    private boolean isGuess;
    private String submitRoute;
    private String submitCarrier;
    private String route;
    private String carrier;

    void take(Event event, boolean isEmail) {
        if (event.isSubmit) {
            takeSubmit(event);
        } else {
            takeReceipt(event, isEmail);
        }
    }

    int status(boolean isEmail) {
        if (bad == NOTHING) {
            return good;
        }
        if (good == NOTHING || !isDelivered(good)) {
            return bad;
        }
        return isEmail && badMs > deliveredMs ? bad : good;
    }

    /** Channel, carrier, route and hour as JSON. */
    String place(String channel) {
        String ours = isSubmitted ? submitCarrier : carrier;
        if (isReported && carrier != null && (!isGuess || ours == null)) {
            ours = carrier;
        }
        String its = isSubmitted && submitRoute != null ? submitRoute : route;
        return "[\"" + channel + "\"," + quoted(ours) + "," + quoted(its) + "," + basisMs / HOUR_MS * 3600 + "]";
    }

    private void takeSubmit(Event event) {
        if (isSubmitted && basisMs <= event.atMs) {
            return;
        }
        isSubmitted = true;
        submitRoute = event.route;
        submitCarrier = event.carrier;
        takeGood(SENT, event.atMs);
        takeBasis(SUBMIT, event.atMs);
    }

    private void takeReceipt(Event event, boolean isEmail) {
        takeBasis(event.submittedMs < 0 ? FIRST_AT : SUBMITTED_AT, event.submittedMs < 0 ? event.atMs : event.submittedMs);
        if (event.status >= 7 && event.status <= 10) {
            takeBad(event, isEmail);
        } else {
            takeGood(event.status, event.atMs);
        }
        route = !isReported ? event.route : smaller(route, event.route);
        if (!isReported || isSurer(event)) {
            carrier = event.carrier;
            isGuess = event.isGuess;
        }
        isReported = true;
    }

    private void takeGood(int status, long atMs) {
        if (good == NOTHING || RANK[status] > RANK[good]) {
            good = (byte) status;
        }
        if (isDelivered(status) && atMs > deliveredMs) {
            deliveredMs = atMs;
        }
    }

    private void takeBad(Event event, boolean isEmail) {
        int order = Long.compare(event.atMs, badMs);
        order = order != 0 ? order : Integer.compare(event.status, bad);
        order = order != 0 ? order : Integer.compare(event.category, category);
        order = order != 0 ? order : Integer.compare(event.permanence, permanence);
        if (bad == NOTHING || (isEmail ? order > 0 : order < 0)) {
            badMs = event.atMs;
            bad = (byte) event.status;
            category = (byte) event.category;
            permanence = (byte) event.permanence;
        }
    }

    private void takeBasis(int its, long atMs) {
        if (its > basis || (its == basis && atMs < basisMs)) {
            basis = (byte) its;
            basisMs = atMs;
        }
    }

    private boolean isSurer(Event event) {
        if (event.carrier == null || carrier == null) {
            return event.carrier != null;
        }
        return event.isGuess == isGuess ? event.carrier.compareTo(carrier) < 0 : isGuess;
    }

    private static boolean isDelivered(int status) {
        return status >= 4 && status <= 6;
    }

    private static String smaller(String one, String other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return one.compareTo(other) <= 0 ? one : other;
    }

    private static String quoted(String text) {
        return text == null ? "null" : "\"" + text + "\"";
    }

    byte[] pack() {
        byte[][] texts = {bytes(submitRoute), bytes(submitCarrier), bytes(route), bytes(carrier)};
        int size = 3 * 8 + 6 + texts.length * 2;
        for (byte[] text : texts) {
            size += text == null ? 0 : text.length;
        }
        int flags = (isSubmitted ? 1 : 0) | (isReported ? 2 : 0) | (isGuess ? 4 : 0);
        ByteBuffer out = ByteBuffer.allocate(size).putLong(basisMs).putLong(deliveredMs).putLong(badMs);
        out.put(basis).put(good).put(bad).put(category).put(permanence).put((byte) flags);
        for (byte[] text : texts) {
            out.putShort((short) (text == null ? -1 : text.length));
            if (text != null) {
                out.put(text);
            }
        }
        return out.array();
    }

    static Message unpack(byte[] packed) {
        ByteBuffer in = ByteBuffer.wrap(packed);
        Message message = new Message();
        message.basisMs = in.getLong();
        message.deliveredMs = in.getLong();
        message.badMs = in.getLong();
        message.basis = in.get();
        message.good = in.get();
        message.bad = in.get();
        message.category = in.get();
        message.permanence = in.get();
        int flags = in.get();
        message.isSubmitted = (flags & 1) != 0;
        message.isReported = (flags & 2) != 0;
        message.isGuess = (flags & 4) != 0;
        message.submitRoute = text(in);
        message.submitCarrier = text(in);
        message.route = text(in);
        message.carrier = text(in);
        return message;
    }

    private static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(ByteBuffer in) {
        int length = in.getShort();
        if (length < 0) {
            return null;
        }
        byte[] text = new byte[length];
        in.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }
}
