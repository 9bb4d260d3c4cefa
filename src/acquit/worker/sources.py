"""What the settings say of each topic that intake reads."""

from acquit.envelope import Source, Sources
from acquit.worker.settings import Settings


def sources_of(settings: Settings) -> Sources:
    """Raw topics with their providers, and our own three canonical ones; commands come from one of them alone."""
    epochs = settings.source_epochs
    ours = {
        settings.topic("submits"): Source("canonical"),
        settings.topic("engagements"): Source("canonical"),
        settings.topic("commands"): Source("canonical", takes_commands=True),
    }
    raw = {topic: Source(provider) for topic, provider in settings.raw_topics.items()}
    return {
        topic: Source(source.provider, source.takes_commands, epochs.get(topic, 0))
        for topic, source in {**raw, **ours}.items()
    }
