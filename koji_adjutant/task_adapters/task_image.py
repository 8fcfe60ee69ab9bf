"""The image of one task: what the hub's policy says, made present, and kept for as long as the task runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.parsers.expat import ExpatError

import koji
import requests
from koji.tasks import RefuseTask

from koji_adjutant.config import KojidOptions
from koji_adjutant.container.interface import ContainerManager, Image, PullPolicy
from koji_adjutant.errors import HubError, ImageError
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.images.in_use import in_use
from koji_adjutant.images.proofs import Proofs
from koji_adjutant.policy.cache import PolicyCache
from koji_adjutant.policy.lookup import Published
from koji_adjutant.policy.reading import KEY
from koji_adjutant.policy.resolver import Choice, PolicyResolver
from koji_adjutant.policy.rules import Subject
from koji_adjutant.text import innermost_reason

DISABLED = "task_image_default: policy_enabled is false"


class HubPolicies:
    """A PolicyLookup over a hub session: one call, and what holds now, not at the repo's event."""

    def __init__(self, session: HubSession) -> None:
        self._session = session

    def __call__(self, tag: str) -> Published | None:
        try:
            config = self._session.getBuildConfig(tag)
        except koji.AuthError:
            raise  # the session is gone, and the task with it
        except (koji.GenericError, koji.xmlrpcplus.Fault) as refusal:
            raise HubError(f"the hub did not give the image policy of tag {tag}: {refusal}") from refusal
        except (requests.RequestException, ExpatError) as problem:
            raise HubError(
                f"the hub could not be asked for the image policy of tag {tag}: {innermost_reason(problem)}"
            ) from problem
        if KEY not in config["extra"]:
            return None
        parent = config["config_inheritance"]["extra"].get(KEY)
        return Published(config["extra"][KEY], parent["name"] if parent else config["name"])


def choose_image(session: HubSession, options: KojidOptions, subject: Subject) -> Choice:
    """Return what the policy says, or the builder's default."""
    ours = options.adjutant
    if not ours.policy_enabled:
        return Choice(ours.task_image_default, "default", DISABLED)
    cache = PolicyCache(ours.state_dir / "policies", ours.policy_cache_ttl, options.server or "")
    return PolicyResolver(HubPolicies(session), cache, ours.task_image_default).resolve(subject)


@contextmanager
def chosen_image(
    manager: ContainerManager, state_dir: Path, choice: Choice, pull: PullPolicy
) -> Iterator[Image]:
    """Yield the image, present and not to be removed before the block ends.

    ImageError says who chose one that is not available. RefuseTask for one that cannot do what tasks need:
    that is no fault of the task's, and another builder may have a better one.
    """
    try:
        image = manager.ensure_image_available(choice.image, pull)
    except ImageError as problem:
        raise ImageError(f"{problem} (it was chosen by {choice.reason})") from problem
    with in_use(state_dir, image.id):
        if wrong := Proofs(state_dir).wrong(manager, image):
            raise RefuseTask(f"{wrong} (it was chosen by {choice.reason})")
        yield image
