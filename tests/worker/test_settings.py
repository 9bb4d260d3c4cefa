"""What an operator may write, how a mistake is answered, and what the clients are given."""

import re
import traceback
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from acquit.errors import BadSettings
from acquit.worker.connections import faust_credentials, kafka_options, redis_client
from acquit.worker.settings import Settings, described
from acquit.worker.settings_file import load

SECRET = "hunter2-and-more"
SASL = {"ACQUIT_KAFKA_USERNAME": "acquit", "ACQUIT_KAFKA_PASSWORD": SECRET}
PEM = "ACQUIT_KAFKA_CA_FILE"


def write(folder: Path, text: str) -> Path:
    file = folder / "acquit.toml"
    file.write_text(text)
    return file


def refusal(environ: dict[str, str], file: Path | None = None) -> BadSettings:
    with pytest.raises(BadSettings) as caught:
        load(file, environ)
    return caught.value


def test_nothing_written_gives_the_defaults() -> None:
    settings = load(None, {"HOME": "/root", "ACQUITTED": "no setting of ours"})
    assert settings == Settings()
    assert settings.topic("journal.ledger") == "acquit.journal.ledger"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().app_id = "other"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'app_id = "file"\ntopic_prefix = "dlr"\n')
    settings = load(file, {"ACQUIT_APP_ID": "environment"})
    assert (settings.app_id, settings.topic("events")) == ("environment", "dlr.events")


def test_acquit_settings_names_the_file_unless_an_argument_does(tmp_path: Path) -> None:
    named, given = write(tmp_path, 'app_id = "named"\n'), tmp_path / "given.toml"
    given.write_text('app_id = "given"\n')
    assert load(None, {"ACQUIT_SETTINGS": str(named)}).app_id == "named"
    assert load(given, {"ACQUIT_SETTINGS": str(named)}).app_id == "given"


def test_an_empty_variable_counts_as_absent() -> None:
    assert load(None, {"ACQUIT_KAFKA_USERNAME": "", "ACQUIT_SETTINGS": ""}) == Settings()


def test_only_load_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ID", "from somewhere")
    assert Settings().app_id == "acquit"


# Unknown names


def test_an_unknown_name_refuses_to_start_naming_file_line_and_field(tmp_path: Path) -> None:
    file = write(tmp_path, '# ours\napp_id = "a"\n\nkafka_bootsrap = "127.0.0.1:9092"\n')
    error = refusal({}, file)
    assert (error.file, error.line, error.field) == (str(file), 4, "kafka_bootsrap")
    assert error.problem == "is no setting; did you mean kafka_bootstrap?"


def test_an_unknown_variable_refuses_to_start_naming_it() -> None:
    error = refusal({"ACQUIT_KAFKA_BOOTSRAP": "127.0.0.1:9092"})
    assert (error.file, error.line, error.field) == ("environment", None, "ACQUIT_KAFKA_BOOTSRAP")
    assert error.problem == "is no setting; did you mean ACQUIT_KAFKA_BOOTSTRAP?"


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    assert refusal({"ACQUIT_XYZZY": "1"}).problem == "is no setting"


def test_a_variable_in_another_case_is_unknown() -> None:
    assert refusal({"ACQUIT_app_id": "a"}).field == "ACQUIT_app_id"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACQUIT_PORT", "tcp://10.0.0.1:9464"),
        ("ACQUIT_PORT_9464_TCP_ADDR", "10.0.0.1"),
        ("ACQUIT_SERVICE_PORT_HTTP", "9464"),
        ("ACQUIT_REDIS_SERVICE_HOST", "10.0.0.1"),
        ("ACQUIT_HTTP_PORT", "tcp://10.0.0.1:9464"),  # a Service called acquit-http; otherwise a setting
    ],
)
def test_what_kubernetes_says_of_a_service_called_acquit_is_no_setting(name: str, value: str) -> None:
    assert load(None, {name: value}) == Settings()


def test_a_port_without_an_address_in_it_is_not_taken_for_kubernetes() -> None:
    assert load(None, {"ACQUIT_HTTP_PORT": "9000"}).http_port == 9000
    assert refusal({"ACQUIT_PORT": "9464"}).field == "ACQUIT_PORT"


# Where a mistake is


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ('app_id = "a"\nevent_partitions = 0\n', 2, "event_partitions"),
        ("event_partitions = true\n", 1, "event_partitions"),  # pydantic would read 1
        ("event_partitions = 1.5\n", 1, "event_partitions"),
        ("tally_seconds = nan\n", 1, "tally_seconds"),
        ("\n\n[event_partitions]\nfive = 5\n", 3, "event_partitions"),  # a table where none belongs
        ('# zone = "UTC"\nzone = "Europe/Pari"\n', 2, "zone"),
        ('zone = "America"\n', 1, "zone"),  # a folder of zones
        ('zone = "../UTC"\n', 1, "zone"),
        ('app_id = """\nzone = 1\n"""\nzone = 1\n', 1, "app_id"),  # line 2 is text
        ('log_level = "info"\n"zone" = 1\n', 2, "zone"),
        ('raw_topics = {"acquit.events" = ""}\n', 1, "raw_topics"),  # would feed itself
        ('[raw_topics]\n"raw.sms" = "smpp"\nraw.mail = "ses"\n', 3, "raw_topics.raw"),  # the dot wants quotes
        ("[retention_hours]\nevents = 48\nevent = 48\n", 3, "retention_hours.event"),
        ("[retention_hours]\nsuppressions = -1\n", 1, "retention_hours"),
        ('[source_epochs]\n"raw.sms" = 1\n', 1, "source_epochs"),  # no such source
        ("heartbeat_seconds = 11\n", 1, "heartbeat_seconds"),  # a third of 30 is the most
        ("fetch_max_bytes = 1\n", 1, "fetch_max_bytes"),
        ('rules_dir = "/nowhere"\n', 1, "rules_dir"),
        ('redis_url = "http://127.0.0.1"\n', 1, "redis_url"),
        ('redis_url = "redis://127.0.0.1/zero"\n', 1, "redis_url"),  # redis-py would take database 0
        ('redis_url = "rediss://127.0.0.1/0?ssl_cert_reqs=none"\n', 1, "redis_url"),  # would switch the check off
        ('redis_url = "redis://127.0.0.1:65536/0"\n', 1, "redis_url"),
        ('kafka_bootstrap = "127.0.0.1"\n', 1, "kafka_bootstrap"),
        ('kafka_bootstrap = "127.0.0.1:0"\n', 1, "kafka_bootstrap"),
    ],
)
def test_a_wrong_value_refuses_to_start_naming_its_line(tmp_path: Path, text: str, line: int, field: str) -> None:
    error = refusal({}, write(tmp_path, text))
    assert (error.line, error.field) == (line, field)


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = \n", 2), ("a = 1\na = 2\n", 2), ('a = 1\n\nb = """\n\n', 3), ("a = [\n1,\n2\n", 3)],
)
def test_a_file_that_is_not_toml_refuses_to_start_naming_the_line(tmp_path: Path, text: str, line: int) -> None:
    error = refusal({}, write(tmp_path, text))
    assert (error.line, error.problem.startswith("is not TOML: ")) == (line, True)


def test_a_file_that_cannot_be_read_refuses_to_start(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'app_id = "a"\nzone = "\xe9"\n')
    assert refusal({}, tmp_path / "absent.toml").problem == "cannot be read: No such file or directory"
    assert (refusal({}, latin).line, refusal({}, latin).problem) == (2, "is not UTF-8")


def test_a_wrong_variable_is_named_though_the_file_is_right(tmp_path: Path) -> None:
    error = refusal({"ACQUIT_MAX_CARRIERS": "many"}, write(tmp_path, "max_carriers = 5\n"))
    assert (error.file, error.field) == ("environment", "ACQUIT_MAX_CARRIERS")


# Maps


def test_a_map_reads_the_same_from_the_environment_and_from_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, '[raw_topics]\n"raw.sms" = "smpp"\n"raw.any" = ""\n')
    environ = {"ACQUIT_RAW_TOPICS": "raw.sms=smpp, raw.any="}
    assert load(file, {}).raw_topics == load(None, environ).raw_topics == {"raw.sms": "smpp", "raw.any": ""}


@pytest.mark.parametrize("value", ["raw.sms", "=smpp", "raw.sms=smpp,raw.sms=ses", "raw sms=smpp"])
def test_a_broken_map_is_refused(value: str) -> None:
    assert refusal({"ACQUIT_RAW_TOPICS": value}).field == "ACQUIT_RAW_TOPICS"


def test_a_retention_that_is_not_named_keeps_its_default() -> None:
    hours = load(None, {"ACQUIT_RETENTION_HOURS": "events=48,alerts=-1"}).retention_hours
    assert (hours["events"], hours["alerts"], hours["tallies"]) == (48, -1, 40 * 24)


def test_a_misspelt_source_gets_a_suggestion() -> None:
    environ = {"ACQUIT_RAW_TOPICS": "raw.sms=smpp", "ACQUIT_SOURCE_EPOCHS": "raw.smss=1"}
    assert refusal(environ).problem == "raw.smss is no topic that acquit reads; did you mean raw.sms?"


# Security


@pytest.mark.parametrize("bootstrap", ["kafka:9092", "127.0.0.1:9092,10.0.0.7:9092", "localhost.example:9092"])
def test_plain_over_plaintext_is_refused_off_loopback(bootstrap: str) -> None:
    plain = SASL | {"ACQUIT_KAFKA_SECURITY": "sasl_plaintext", "ACQUIT_KAFKA_SASL_MECHANISM": "PLAIN"}
    assert refusal(plain | {"ACQUIT_KAFKA_BOOTSTRAP": bootstrap}).field == "ACQUIT_KAFKA_SASL_MECHANISM"


@pytest.mark.parametrize(
    ("bootstrap", "security", "mechanism"),
    [
        ("localhost:9092,127.0.0.2:9092,[::1]:9092", "sasl_plaintext", "PLAIN"),
        ("kafka:9092", "sasl_ssl", "PLAIN"),
        ("kafka:9092", "sasl_plaintext", "SCRAM-SHA-256"),
    ],
)
def test_a_password_that_nobody_can_read_on_the_way_is_let_through(
    bootstrap: str, security: str, mechanism: str
) -> None:
    names = ("ACQUIT_KAFKA_BOOTSTRAP", "ACQUIT_KAFKA_SECURITY", "ACQUIT_KAFKA_SASL_MECHANISM")
    settings = load(None, SASL | dict(zip(names, (bootstrap, security, mechanism), strict=True)))
    assert settings.kafka_sasl_mechanism == mechanism


@pytest.mark.parametrize(
    ("environ", "field"),
    [
        ({"ACQUIT_KAFKA_SECURITY": "sasl_ssl"}, "ACQUIT_KAFKA_USERNAME"),
        ({"ACQUIT_KAFKA_SECURITY": "sasl_ssl", "ACQUIT_KAFKA_USERNAME": "a"}, "ACQUIT_KAFKA_PASSWORD"),
        ({"ACQUIT_KAFKA_PASSWORD": SECRET}, "ACQUIT_KAFKA_PASSWORD"),
        ({"ACQUIT_KAFKA_CA_FILE": __file__}, "ACQUIT_KAFKA_CA_FILE"),
        ({"ACQUIT_KAFKA_SECURITY": "ssl", "ACQUIT_KAFKA_CERT_FILE": __file__}, "ACQUIT_KAFKA_KEY_FILE"),
        ({"ACQUIT_REDIS_USERNAME": "acquit"}, "ACQUIT_REDIS_USERNAME"),
        ({"ACQUIT_REDIS_CA_FILE": __file__}, "ACQUIT_REDIS_CA_FILE"),
    ],
)
def test_a_security_setting_that_would_be_missing_or_unused_is_refused(environ: dict[str, str], field: str) -> None:
    assert refusal(environ).field == field


def test_opt_outs_count_across_channels_of_one_number() -> None:
    assert load(None, {}).opt_outs_across == ()
    assert load(None, {"ACQUIT_OPT_OUTS_ACROSS": "sms, rcs"}).opt_outs_across == ("sms", "rcs")


@pytest.mark.parametrize("value", ["sms", "sms,email", "sms,fax"])
def test_opt_outs_across_anything_else_is_refused(value: str) -> None:
    with pytest.raises(BadSettings, match="OPT_OUTS_ACROSS"):
        load(None, {"ACQUIT_OPT_OUTS_ACROSS": value})


def test_fencing_is_off_only_on_loopback() -> None:
    off = {"ACQUIT_FENCING": "false"}
    assert load(None, off).fencing is False
    assert refusal(off | {"ACQUIT_KAFKA_BOOTSTRAP": "kafka:9092"}).field == "ACQUIT_FENCING"


@pytest.mark.parametrize(
    "text",
    [
        f'kafka_password = "{SECRET}"\n',  # not used, as there is no SASL
        f'kafka_password = ["{SECRET}"]\n',
        f'kafka_pasword = "{SECRET}"\n',
        f'kafka_password = "{SECRET}\n',  # no TOML
        f'kafka_password = "{SECRET}"\nzone = 1\n',
        f'redis_password = "{SECRET}"\nredis_password = "{SECRET}"\n',
        f'redis_url = "redis://acquit:{SECRET}@127.0.0.1:6379/0"\n',
        f'redis_url = "redis://acquit:{SECRET}"\n',  # urllib says what it found in the port's place
        f'redis_url = "redis://127.0.0.1:6379/0?password={SECRET}"\n',
        f'kafka_bootstrap = "acquit:{SECRET}@kafka:9092"\n',
        f'kafka_password = "{SECRET}"\nzone = "\udcff"\n',
    ],
)
def test_a_password_never_shows_in_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "acquit.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    error = refusal({}, file)
    assert SECRET not in "".join(traceback.format_exception(error))
    assert SECRET not in repr((error.__context__, error.__cause__))


def test_a_password_never_shows_in_the_settings() -> None:
    settings = load(None, SASL | {"ACQUIT_KAFKA_SECURITY": "sasl_ssl", "ACQUIT_REDIS_PASSWORD": SECRET})
    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()


# The clients


@pytest.mark.parametrize("security", ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"])
async def test_faust_is_let_in_exactly_as_aiokafka_is(security: str) -> None:
    name = SASL if security.startswith("sasl") else {}
    settings = load(None, name | {"ACQUIT_KAFKA_SECURITY": security, "ACQUIT_KAFKA_BOOTSTRAP": "a:1, b:2"})
    options = kafka_options(settings)
    AIOKafkaAdminClient(**options)  # refuses what does not fit together
    through_faust = dict(credentials_to_aiokafka_auth(faust_credentials(settings)))
    assert options.pop("bootstrap_servers") == ["a:1", "b:2"]
    assert bool(options.pop("ssl_context", None)) == bool(through_faust.pop("ssl_context", None))
    assert options == through_faust


def test_a_broken_authority_refuses_to_start(tmp_path: Path) -> None:
    settings = load(None, {"ACQUIT_KAFKA_SECURITY": "ssl", PEM: str(write(tmp_path, "no PEM"))})
    with pytest.raises(BadSettings, match="kafka_ca_file: holds no certificate"):
        kafka_options(settings)


def test_redis_over_tls_checks_the_host() -> None:
    environ = {"ACQUIT_REDIS_URL": "rediss://redis:6380/1", "ACQUIT_REDIS_PASSWORD": SECRET}
    options = redis_client(load(None, environ)).connection_pool.connection_kwargs
    assert options["ssl_check_hostname"] is True
    assert (options["host"], options["port"], options["db"], options["password"]) == ("redis", 6380, 1, SECRET)
    assert options["retry"].get_retries() == 0


# The documentation


def test_every_setting_is_described() -> None:
    table = described()
    assert re.findall(r"^\| `(\w+)` \| .* \| .{10,} \|$", table, re.MULTILINE) == list(Settings.model_fields)


def test_erase_key_is_long_and_never_shown() -> None:
    settings = load(None, {"ACQUIT_ERASE_KEY": "k" * 32, "ACQUIT_LIST_HASHED": "true"})
    assert settings.hashing == (b"k" * 32, True)
    assert "kkk" not in repr(settings)
    with pytest.raises(BadSettings, match="ACQUIT_ERASE_KEY: must be at least 32 bytes") as raised:
        load(None, {"ACQUIT_ERASE_KEY": "k" * 31})
    assert "kkk" not in str(raised.value)


def test_hashed_list_needs_a_key() -> None:
    with pytest.raises(BadSettings, match="ACQUIT_LIST_HASHED: needs erase_key"):
        load(None, {"ACQUIT_LIST_HASHED": "true"})
