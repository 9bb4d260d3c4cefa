"""Mails of the greatest size that is read, each of one thing again and again, in each place where patterns look."""

from collections.abc import Iterator

from acquit.decode.bounce.parts import BYTES_LIMIT

UNITS: tuple[str, ...] = (
    "a", "5", " ", "\t", "\n", "\n ", "\n\n", "@", "a@", "a@b ", "<a@b.c>\n", "<a@b.c>: 550 x\n\n", "a.", "a-", ".",
    "<", "<<", "<>", "(", "((", ")", "(a) ", "[", "[1.", "[1.2.3.4] ", "a.b [", "host ", "host a.", "while talking to ",
    "5.1.1 ", "550 ", "550-", "550 5.1.", "#5.", ";", "; ", "=", "=?", "=?utf-8?q?a?= ", "=?utf-8?b?", "--", "-", "--x\n",
    "\n--x\n\n", "From a  Thu Jan 1 2015\n", "\n\nFrom a  Thu Jan  1 00:00:00 2015\na:b\n", "a:", "a: b\n", "To: a@b\n",
    "Received: by x for <a@b>; \n", "Message-ID: <", "for <", "(generated from ", "(expanded from: <a@b>)\n", "rcpt to:<",
    "mail from:<", "Final-Recipient: rfc822; a@b\n", "\nFinal-Recipient: rfc822; a@b\nAction: failed\n", "Status: 5.1.1 (",
    "Action: failed\n\n", "x-a; ", "smtp;", "<style>", "<style></style>", "<br>", "<p ", "&#", "&#9", "&amp", "undeliver",
    "deliver ", "could not ", "fail ", "auto-", "re: ", "verify ", "waiting ", "mailer-", "é", "あ", "\u3000", "、a@b",
    "\x1b$B", "\\", '"', '"a', '"a"@', "{", '{"a":', "Feedback-Type: abuse\n", "Original-Rcpt-To: a@b\n", "=\n", "=3D",
    "\x0b", "\x85", "\u2028", "X" * 998 + "\n", "a@" + "b." * 120 + "\n", "subject", "\n> ", "550" * 3, "1.1.1.1",
)  # fmt: skip


def hostile_mails() -> Iterator[tuple[str, bytes]]:
    """What the mail is full of and where, and the mail."""
    for unit in UNITS:
        much = (unit * (BYTES_LIMIT // len(unit.encode())))[: BYTES_LIMIT - 2_000]
        for place, mail in _places(much, "".join(much.split("\n"))).items():
            yield f"{unit[:40]!r} {place}", mail.encode("utf-8", "surrogateescape")[:BYTES_LIMIT]


def _places(much: str, line: str) -> dict[str, str]:
    daemon = "From: MAILER-DAEMON@example.net\nTo: bounces@example.org\n"
    report = (
        'Content-Type: multipart/report; report-type=%s; boundary="x"\n\n--x\n\nfailed\n\n--x\n'
        "Content-Type: message/%s\n\n"
    )
    return {
        "in the text": f"{daemon}Subject: Undelivered\n\nfailed:\n{much}",
        "in an answer": f"From: ann@example.net\nSubject: Out of office\nAuto-Submitted: auto-replied\n\n{much}",
        "in HTML": f"{daemon}Subject: Undelivered\nContent-Type: text/html\n\n{much}",
        "in base64": f"{daemon}Content-Transfer-Encoding: base64\n\n{much}",
        "in a field": f"{daemon}Subject: {line}\nReceived: {line}\nX-Failed-Recipients: {line}\n\nfailed",
        "in fields": f"{daemon}{much}\n\nfailed",
        "in the type": f"{daemon}Content-Type: multipart/mixed; boundary={line}\n\n{much[:100_000]}",
        "between boundaries": f"{daemon}Content-Type: multipart/mixed; boundary=x\n\n--x{much}",
        "in a report": daemon + report % ("delivery-status", "delivery-status") + much,
        "in a report's field": daemon
        + report % ("delivery-status", "delivery-status")
        + f"Final-Recipient: rfc822; {line[:120_000]}a@b.c\nDiagnostic-Code: smtp; {line[:120_000]}",
        "in feedback": daemon + report % ("feedback-report", "feedback-report") + f"Feedback-Type: abuse\n{much}",
        "in the original": daemon + report % ("delivery-status", "rfc822") + much,
    }
