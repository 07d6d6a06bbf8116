"""Whether a subject can be run on a platform at all, as their files say."""

from fnmatch import fnmatchcase

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject


def why_not_there(subject: Subject, platform: Platform) -> str:
    """The reason why it cannot; empty where it can. A likeness is of the platform that it is made from."""
    names = {platform.name, platform.base}
    if subject.platforms and not any(fnmatchcase(name, each) for name in names for each in subject.platforms):
        return f"{subject.name} runs on {', '.join(subject.platforms)} alone (platforms: in its file)"
    if subject.starting.port and not platform.options.own_network:
        return (
            f"{subject.name} can have port {subject.starting.port} alone, and {platform.name} has no network of its "
            "own, where nobody else has it; a platform with driver: netns or docker has one"
        )
    return ""
