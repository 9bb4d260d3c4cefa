"""Fuzzed inputs, the same for the same seed, and the law that each must keep: `pipeline.read` reads it, or says why not.

Small ones are noise and damaged samples. Large ones are of about a megabyte: deep, wide, long strings, and arrays of events.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import parse_qsl, quote_plus

from acquit.decode import DECODERS, Context
from acquit.decode.fields import EVENTS_LIMIT
from acquit.errors import UNDECODABLE_REASONS, Undecodable
from acquit.events import Ignored, Logged, decode, encode
from acquit.pipeline import read
from acquit.rules import Rules
from tests.decode.samples import ARRIVED, Sample, samples

MEGABYTE: Final = 1_000_000
DETAIL_LIMIT: Final = 1_000
_ORIGIN = ("raw", 0, 17)
_ADDRESS_LIKE = re.compile(r"(?<![<>]= )\b\d{7}|@[^ ]")  # but for what a field's own type allows: <= 1000000000
_DEEP = 200

ODD_JSON: tuple[str, ...] = (
    "null", "true", "false", "0", "-0", "-1", "1", "17", "0.5", "-1.5e300", "1e308", "1e999", "-1e999", "1e-400", "NaN",
    "Infinity", "-Infinity", "9" * 18, "9" * 19, "9" * 20, "9" * 400, "9" * 4_299, "9" * 4_301, "-" + "9" * 400,
    "1.7976931348623157e308", "4102444799999", "4102444800000", "253402300800", "1e11", "99999999999.9", '""', '" "',
    '"0"', '"1"', '"-1"', '"00"', '"null"', '"None"', '"NaN"', '"1e999"', '"9999999999999999"', '"1672531200"',
    '"1672531200.5"', '"1672531200000"', '"0001-01-01T00:00:00+23:59"', '"9999-12-31T23:59:59-23:59"', '"0001-01-01"',
    '"9999-12-31T23:59:59.999999Z"', '"2026-02-30"', '"2026-W01-1"', '"20261122T120000Z"', '"2026-11-22T12:00:00+24:00"',
    '"2026-11-22T12:00:00+23:59:59.999999"', '"2026-11-22 12:00:00"', '"22112026-12:00"', '"2611221200"',
    '"\\u0661\\u0662\\u0663\\u0664\\u0665\\u0666\\u0667"', '"\\u00b2"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"',
    '"\\ud83d\\ude00"', '"\\u0130"', '"e\\u0301\\u0316"', '"\\ufb01"', '"@"', '"a@b"', '"@b.c"', '"a@"', '"a@b@c"',
    '"a@\\u0130.org"', '"a@xn--\\u00fc.org"', '"a@\\u200d.org"', '"a@.org"', '"a@b..c"', '"<a@b.c>"',
    '"Ann <ann@example.org>"', '"Ann>"', '"+33612345678"', '"33612345678"', '"0033 6 12 34 56 78"',
    '"+33 6 12 34 56 78"', '"whatsapp:+33612345678"', '"whatsapp:US.13491208655302741918"', '"tel:+1-800-FLOWERS;ext=5"',
    '"+"', '"00"', '"+999999999999999999999"', '"sms"', '"SMS"', '"whatsapp"', '"email"', '"id:1 stat:DELIVRD err:000"',
    '"NACK/0xffffffff"', '"NACK/9999999999"', '"STOP"', '"stop"', '"+ "', '"%"', '"%zz"', '"a=1&b=2"', '"{}"', '"[]"',
    '"[{}]"', '"{\\"Message\\":\\"{}\\"}"', "[]", "{}", "[[]]", "[{}]", "[null]", '[""]', '["a@b.c"]', '{"":""}',
    '{"a":null}', '{"id":"1"}', '{"code":1}', '{"text":"STOP"}', '{"type":"Buffer","data":[3,0,1]}', '{"data":[256]}',
    '{"data":[99999999999999999999,1]}', "[3,1]", "[3,-1]", "[1,2,3]", "[" * _DEEP + "]" * _DEEP,
    '{"a":' * _DEEP + "0" + "}" * _DEEP, "[" * 2_000, json.dumps("x" * 513), json.dumps("9" * 5_000),
    json.dumps("@" * 600), json.dumps("a@b " * 300), json.dumps("5" * 255), json.dumps("a" * 300 + "@b.c"),
    json.dumps('"' * 300),
)  # fmt: skip
"""JSON values where others belong; not all are JSON."""

_JUNK: tuple[bytes, ...] = (
    b"[", b"]", b"{", b"}", b'"', b"\\", b",", b":", b"=", b"&", b"%", b"%%", b"%00", b"%ff", b"%ED%A0%80", b"+", b"@",
    b"\0", b" ", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xe2\x80\xae", b"null", b"1e999", b"NaN", b"-1", b"\\ud800",
    b"\\u0000", b"true", b"id:", b" stat:", b" err:", b" text:", b" done date:", b"9" * 30, b"9" * 5_000, b"\n", b"\r\n",
    b"\xef\xbb\xbf", b"\x1f\x8b", b"<xml/>",
)  # fmt: skip

UNITS: tuple[str, ...] = (
    "a", "A", "0", "9", "@", "@ ", "a@", "a@b ", "a@b.c, ", "@.", ".", "..", "%", "%4", "%41", "%C3%A9", "%FF", "+", "&",
    "a&", "=", "a=", "&=", '"', '\\"', '"@', "'", "\\", "/", "<", ">", "<@>", ",", ";", ": ", ":", " ", "\t", "\n", "\0",
    "a\0", "_", "-", "--", "(", ")", "[", "]", "{", "}", "[]", "{}", "id:", "id:1 ", "id: ", "stat:", "text:", "text: ",
    "text:id", "submit date:", "submit ", "done date:1 ", "err:1 sub:", "0x", "00", "é", "İ", "ß", "\u0301", "e\u0301",
    "\u0316\u0301", "\u0344", "\u1e9b\u0323", "가", "ﷺ", "\u202e", "😀", "\uff11", "\u0661", "STOP ", "whatsapp:", "tel:",
    "rcs:", "xn--", "a.", "é.", "US.", "+33 ", "0033", "1-", "NACK/", "#", "Z", "T", "SMS ", "0000 SMS ", ": SMS ERROR",
)  # fmt: skip
"""What a long string repeats."""


class Input(NamedTuple):
    """One body to one provider's decoder. `shape` says in words what was done."""

    provider: str
    shape: str
    body: bytes
    context: Context


class Broken(AssertionError):
    """The law is broken by this input."""


Damage: TypeAlias = Callable[["Fuzz", Sample], bytes]


def said_of(one: Input, rules: Rules) -> list[Logged | Ignored | Undecodable]:
    """What the input says, or the one refusal of all of it."""
    try:
        return read(one.provider, one.body, one.context, received_at=ARRIVED, origin=_ORIGIN, rules=rules)
    except Undecodable as error:
        return [error]


def check(one: Input, said: list[Logged | Ignored | Undecodable]) -> None:
    """Raises Broken unless all that was said may be."""
    if len(said) > EVENTS_LIMIT:
        raise Broken(f"{len(said)} events")
    for event in said:
        if isinstance(event, Undecodable):
            if event.reason not in UNDECODABLE_REASONS:
                raise Broken(f"a reason that is none: {event.reason}")
            if _ADDRESS_LIKE.search(event.detail) or len(event.detail) > DETAIL_LIMIT:
                raise Broken(f"a detail that may hold an address, or is long: {event.detail[:200]}")
        elif not isinstance(event, Ignored) and decode(encode(event)) != event:
            raise Broken("an event that is another once it is written and read")


class Fuzz:
    """Inputs of one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.samples = [sample for sample in samples() if sample.body]
        self.by_provider: Mapping[str, list[Sample]] = {
            provider: [sample for sample in self.samples if sample.provider == provider] for provider in DECODERS
        }

    def small(self, count: int) -> Iterator[Input]:
        """Noise and damaged samples, mostly for the decoder whose sample it was, now and then for another."""
        providers = list(DECODERS)
        for place in range(count):
            provider = providers[place % len(providers)]
            sample = self.random.choice(self.by_provider[provider])
            damage = self.random.choice(_DAMAGES)
            body = damage(self, sample)
            if self.random.random() < 0.2:
                body = self.random.choice(_BYTE_DAMAGES)(
                    self, Sample(provider, sample.case, body or b"0", sample.context)
                )
            if self.random.random() < 0.04:
                provider = self.random.choice(providers)
            yield Input(provider, f"{damage.__name__.strip('_')} of {sample.case}", body, self.context(sample))

    def large(self, count: int) -> Iterator[Input]:
        """A megabyte each: every general shape for every decoder, then long strings in the fields of samples."""
        for shape, body in general_shapes():
            for provider in DECODERS:
                yield Input(provider, shape, body, Context())
        providers = list(DECODERS)
        for place in range(count):
            sample = self.random.choice(self.by_provider[providers[place % len(providers)]])
            make = self.random.choice((self._long_leaf, self._long_leaf, self._long_leaf, self._wide_leaf, self._many))
            shape, body = make(sample)
            yield Input(sample.provider, f"{shape} in {sample.case}", body, sample.context)

    def context(self, sample: Sample) -> Context:
        """The sample's own, or any other."""
        if self.random.random() < 0.6:
            return sample.context
        pick = self.random.choice
        names = (None, None, "acme", "x" * 512, "é", "\0", "@")
        return Context(
            route=pick(names), supplier=pick(names), carrier=pick(names), account=pick(names), stream=pick(names),
            channel=pick((None, None, "sms", "email", "whatsapp", "rcs")),
            to=pick((None, None, "+33612345678", "ann@example.org", "", "@", "x" * 5_000, "0", "\ud800", "+33 6 12 34 56 78")),
            err_dictionary=pick((None, None, "gsm-map", "no such", "", "x" * 5_000)),
            zone=pick((None, None, "UTC", "Europe/Paris", "America/St_Johns", *_ODD_ZONES)),
            ported_at=pick((None, None, ARRIVED, datetime.min.replace(tzinfo=timezone(timedelta(hours=23))),
                            datetime.max.replace(tzinfo=UTC))),
        )  # fmt: skip

    def _long_leaf(self, sample: Sample) -> tuple[str, bytes]:
        """One value of the sample as a long string."""
        unit = self.random.choice(UNITS)
        length = self.random.choice((MEGABYTE, MEGABYTE, 4_000, 60_000))
        text = unit * (length // len(unit.encode()))
        return f"{length} bytes of {unit!r}", _with_leaf(self, sample, json.dumps(text, ensure_ascii=False), text)

    def _wide_leaf(self, sample: Sample) -> tuple[str, bytes]:
        """One value of the sample as an array or object of many."""
        unit = self.random.choice(ODD_JSON[:160])[:600]
        times = MEGABYTE // (len(unit) + 2)
        if self.random.random() < 0.3:
            pairs = (f'"{place}":{unit}' for place in range(MEGABYTE // (len(unit) + 9)))
            return f"an object of {unit[:20]}", _with_leaf(self, sample, "{" + ",".join(pairs) + "}", unit)
        return f"an array of {unit[:20]}", _with_leaf(self, sample, "[" + ",".join([unit] * times) + "]", unit)

    def _many(self, sample: Sample) -> tuple[str, bytes]:
        """The array around the sample, or one within, holding the same element until there is a megabyte of it."""
        return "many", many(self, sample)


def _with_leaf(fuzz: Fuzz, sample: Sample, odd: str, plain: str) -> bytes:
    tree = _tree(sample.body)
    if tree is not None:
        return _written(_put(fuzz.random, tree, lambda _: _Odd(odd)))
    if b"=" in sample.body and b"{" not in sample.body[:1]:
        pairs = _pairs(sample.body)
        place = fuzz.random.randrange(len(pairs))
        as_it_is = fuzz.random.random() < 0.3
        pairs[place] = (pairs[place][0], plain)
        return _form(pairs, raw={place} if as_it_is else set())[: MEGABYTE * 2]
    place = fuzz.random.randrange(len(sample.body))
    return sample.body[:place] + plain.encode(errors="replace") + sample.body[place:]


def many(fuzz: Fuzz, sample: Sample) -> bytes:
    """The sample, or an element of an array in it, as often as fits."""
    tree = _tree(sample.body)
    if tree is None:
        return sample.body * (MEGABYTE // len(sample.body))
    lists = [node for node in _nodes(tree) if isinstance(node, list) and node]
    if lists and fuzz.random.random() < 0.7:
        chosen = fuzz.random.choice(lists)
        element = fuzz.random.choice(chosen)
        fit = MEGABYTE // (len(json.dumps(element)) + 2)
        chosen[:] = [element] * fuzz.random.choice((fit, min(fit, EVENTS_LIMIT), min(fit, 1_000)))
        return _written(tree)
    return repeated(sample.body)


def repeated(event: bytes) -> bytes:
    """An array of this event, as long as it may be."""
    return b"[" + b",".join([event] * max(1, min(EVENTS_LIMIT, MEGABYTE // (len(event) + 1)))) + b"]"


def general_shapes() -> Iterator[tuple[str, bytes]]:
    """Bodies that are no provider's."""
    for depth in (*range(150, 1_050, 13), 10_000, MEGABYTE // 2):
        yield f"{depth} arrays deep", b"[" * depth + b"]" * depth
    for depth in (*range(900, 1_010, 3), MEGABYTE // 6):
        yield f"{depth} objects deep", b'{"a":' * depth + b"0" + b"}" * depth
        yield f"an object in an array, {depth} deep", b'[{"a":' + b"[" * depth + b"]" * depth + b"}]"
    yield "a million brackets", b"[" * MEGABYTE
    for unit in UNITS:
        body = unit.encode() * (MEGABYTE // len(unit.encode()))
        yield f"only {unit!r}", body
        yield f"a text of {unit!r}", json.dumps(body.decode(), ensure_ascii=False).encode()
        yield f"a field of {unit!r}", b"a=" + body
        yield (
            f"an object's only name of {unit!r}",
            b'{"a":0,%b:0}' % json.dumps(body.decode(), ensure_ascii=False).encode(),
        )
    for element in (b"{}", b"[]", b"0", b"null", b'""', b'"a"', b"1e9", b"{}, ", b'{"a":0}', b"[{}]"):
        yield f"an array of {element!r}", b"[" + b",".join([element] * (MEGABYTE // (len(element) + 1))) + b"]"
        yield f"an array of {EVENTS_LIMIT} {element!r}", b"[" + b",".join([element] * EVENTS_LIMIT) + b"]"
    yield "an object of many names", b"{" + b",".join(b'"%d":0' % place for place in range(MEGABYTE // 10)) + b"}"
    yield "an object of one name", b"{" + b",".join([b'"id":"1"'] * (MEGABYTE // 9)) + b"}"
    yield "a form of many names", b"&".join(b"%d=0" % place for place in range(MEGABYTE // 9))
    yield "a form of 900 names with percent signs", b"&".join(b"%d=" % place + b"%41" * 160 for place in range(900))
    yield "a form of one name", b"&".join([b"a=0"] * (MEGABYTE // 4))
    yield "every byte", bytes(range(256)) * (MEGABYTE // 256)
    yield "UCS-2", ("id:1 stat:DELIVRD " * 30_000).encode("utf-16-be")


def _noise(fuzz: Fuzz, sample: Sample) -> bytes:
    return fuzz.random.randbytes(fuzz.random.randrange(300))


def _words(fuzz: Fuzz, sample: Sample) -> bytes:
    return b"".join(
        fuzz.random.choices([*_JUNK, b"a", b"1", b'"id"', b'"type"', b'"to"', b'"status"'], k=fuzz.random.randrange(40))
    )


def _bits(fuzz: Fuzz, sample: Sample) -> bytes:
    body = bytearray(sample.body)
    for _ in range(fuzz.random.choice((1, 1, 2, 8, 30))):
        body[fuzz.random.randrange(len(body))] ^= 1 << fuzz.random.randrange(8)
    return bytes(body)


def _cut(fuzz: Fuzz, sample: Sample) -> bytes:
    begin, end = sorted(fuzz.random.randrange(len(sample.body) + 1) for _ in "12")
    return fuzz.random.choice((sample.body[:end], sample.body[begin:], sample.body[:begin] + sample.body[end:]))


def _splice(fuzz: Fuzz, sample: Sample) -> bytes:
    other = fuzz.random.choice(fuzz.by_provider[sample.provider] if fuzz.random.random() < 0.7 else fuzz.samples).body
    return sample.body[: fuzz.random.randrange(len(sample.body) + 1)] + other[fuzz.random.randrange(len(other) + 1) :]


def _repeat(fuzz: Fuzz, sample: Sample) -> bytes:
    begin, end = sorted(fuzz.random.randrange(len(sample.body) + 1) for _ in "12")
    return sample.body[:begin] + sample.body[begin:end] * fuzz.random.choice((2, 3, 17)) + sample.body[end:]


def _insert(fuzz: Fuzz, sample: Sample) -> bytes:
    body = sample.body
    for _ in range(fuzz.random.choice((1, 1, 2, 5))):
        place = fuzz.random.randrange(len(body) + 1)
        body = body[:place] + fuzz.random.choice(_JUNK) + body[place + fuzz.random.choice((0, 0, 1, 3, 10)) :]
    return body


def _another_value(fuzz: Fuzz, sample: Sample) -> bytes:
    """Values of other types, or fields of other samples, in place of what is there."""
    tree = _tree(sample.body)
    if tree is None:
        return _another_field(fuzz, sample)
    for _ in range(fuzz.random.choice((1, 1, 1, 2, 4))):
        tree = _put(fuzz.random, tree, lambda _: _Odd(fuzz.random.choice(ODD_JSON)))
    return _written(tree)


def _another_part(fuzz: Fuzz, sample: Sample) -> bytes:
    """A part of another sample in place of one."""
    other = _tree(fuzz.random.choice(fuzz.by_provider[sample.provider]).body)
    tree = _tree(sample.body)
    if tree is None or other is None:
        return _another_field(fuzz, sample)
    return _written(_put(fuzz.random, tree, lambda _: fuzz.random.choice([*_nodes(other)])))


def _without(fuzz: Fuzz, sample: Sample) -> bytes:
    """Without one of its fields, or with one twice, or under another spelling."""
    tree = _tree(sample.body)
    objects = [node for node in _nodes(tree) if isinstance(node, dict) and node]
    if not objects:
        return _another_field(fuzz, sample)
    chosen = fuzz.random.choice(objects)
    name = fuzz.random.choice([*chosen])
    value = chosen[name]
    if fuzz.random.random() < 0.5:
        del chosen[name]
    else:
        chosen[name] = _Odd(
            f"{_written(value).decode(errors='replace')},{json.dumps(name)}:{fuzz.random.choice(ODD_JSON)}"
        )
    if fuzz.random.random() < 0.2:
        chosen[fuzz.random.choice((name.upper(), name + " ", "", name * 50, "\0"))] = value
    return _written(tree)


def _another_field(fuzz: Fuzz, sample: Sample) -> bytes:
    """A form, or a receipt's text, some of whose values are others."""
    values = [word[1:-1] for word in ODD_JSON if word[0] == '"'] + [word for word in ODD_JSON if len(word) < 30]
    if b"=" not in sample.body:
        text = sample.body.decode(errors="replace")
        return re.sub(
            r":\S+",
            lambda found: f":{fuzz.random.choice(values)}" if fuzz.random.random() < 0.3 else found[0],
            text,
        ).encode()
    pairs = _pairs(sample.body)
    for _ in range(fuzz.random.choice((1, 1, 2, 4))):
        place = fuzz.random.randrange(len(pairs))
        value = fuzz.random.choice(values)
        with suppress(ValueError):  # a surrogate, or no JSON: as it stands
            value = json.loads(f'"{value}"').encode().decode()
        pairs[place] = (pairs[place][0], value)
        if fuzz.random.random() < 0.3:
            pairs.pop(fuzz.random.randrange(len(pairs))) if len(pairs) > 1 else None
    if fuzz.random.random() < 0.15:
        return json.dumps(dict(pairs)).encode()
    return _form(pairs, raw={fuzz.random.randrange(len(pairs))} if fuzz.random.random() < 0.2 else set())


_BYTE_DAMAGES: tuple[Damage, ...] = (_bits, _cut, _splice, _repeat, _insert)
_DAMAGES: tuple[Damage, ...] = (
    _noise, _words, *_BYTE_DAMAGES, *[_another_value] * 6, *[_another_part] * 2, *[_without] * 2, _another_field,
)  # fmt: skip
_ODD_ZONES = (
    "", ".", "..", "/", "/etc/passwd", "../UTC", "Europe", "Europe/", "zone.tab", "tzdata.zi", "posixrules", "\0", "é",
    "\ud800", "x" * 300, "x/" * 3_000, "UTC ", "utc", "__init__.py", "Nowhere", "Factory", "right/UTC", "posix/UTC",
    "leapseconds",
)  # fmt: skip


class _Odd(NamedTuple):
    """Stands for a piece of JSON, which need not be any."""

    text: str


def _tree(body: bytes) -> Any:
    """JSON as values; a text that holds JSON, or a base64 of it, as _Text of that. None if it is no array and no object."""
    if body.lstrip()[:1] not in {b"{", b"["}:
        return None
    try:
        return _deeper(json.loads(body))
    except (ValueError, RecursionError):
        return None


class _Text(list[Any]):
    """A text that holds JSON: the one element is what it holds."""

    in_base64 = False


def _deeper(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _deeper(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_deeper(one) for one in value]
    if not isinstance(value, str) or len(value) < 8:
        return value
    for in_base64 in (False, True):
        try:
            text = b64decode(value, validate=True) if in_base64 else value.encode()
            if text.lstrip()[:1] in {b"{", b"["}:
                held = _Text([_deeper(json.loads(text))])
                held.in_base64 = in_base64
                return held
        except ValueError:
            continue
    return value


def _nodes(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        for one in value.values():
            yield from _nodes(one)
    elif isinstance(value, list):
        for one in value:
            yield from _nodes(one)


def _put(random: Random, tree: Any, odd: Callable[[Any], Any]) -> Any:
    """The tree with another value in one place, seldom at its root."""
    places = [
        (node, place)
        for node in _nodes(tree)
        if isinstance(node, dict | list)
        for place in (range(len(node)) if isinstance(node, list) else [*node])
    ]
    if not places or random.random() < 0.01:
        return odd(tree)
    node, place = random.choice(places)
    node[place] = odd(node[place])
    return tree


def _written(tree: Any) -> bytes:
    return _json(tree).encode(errors="replace")


def _json(value: Any) -> str:
    if isinstance(value, _Odd):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_json(one)}" for name, one in value.items()) + "}"
    if isinstance(value, _Text):
        held = _json(value[0])
        return json.dumps(b64encode(held.encode(errors="replace")).decode() if value.in_base64 else held)
    if isinstance(value, list):
        first = value[0] if value else None
        if len(value) > 100 and all(one is first for one in value):
            return "[" + ",".join([_json(first)] * len(value)) + "]"
        return "[" + ",".join(map(_json, value)) + "]"
    return json.dumps(value)


def _pairs(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode(errors="replace"), keep_blank_values=True) or [("a", "")]


def _form(pairs: list[tuple[str, str]], raw: set[int]) -> bytes:
    parts = (
        f"{quote_plus(name, errors='replace')}={value if place in raw else quote_plus(value, errors='replace')}"
        for place, (name, value) in enumerate(pairs)
    )
    return "&".join(parts).encode(errors="replace")
