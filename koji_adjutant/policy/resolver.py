"""Which image a task gets, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from koji_adjutant.errors import HubError, PolicyError
from koji_adjutant.policy.cache import PolicyCache
from koji_adjutant.policy.lookup import PolicyLookup, Published
from koji_adjutant.policy.rules import Policy, Rule, Subject

PolicySource = Literal["tag", "inherited", "default", "fallback"]
"""The tag's own policy; one that it inherits; no policy, or none that says anything about the task; a policy
that is not available or cannot be used."""


@dataclass(frozen=True)
class Choice:
    """An image's reference, and ``reason``, which continues "chosen by …".

    ``policy_tag`` is the tag that the policy is set on, where there is one. A ``warning`` is one sentence,
    for logs.
    """

    image: str
    source: PolicySource
    reason: str
    rule: Rule | None = None
    policy_tag: str | None = None
    warning: str | None = None


class PolicyResolver:
    """Asks the hub through ``lookup``, or the cache; takes ``default_image`` where no rule holds."""

    def __init__(self, lookup: PolicyLookup, cache: PolicyCache, default_image: str) -> None:
        self._lookup = lookup
        self._cache = cache
        self._default_image = default_image

    def resolve(self, subject: Subject) -> Choice:
        """Return the image for a task. A hub that fails and a wrong policy are no failure of the task."""
        try:
            published, policy = self._policy(subject.tag)
        except (HubError, PolicyError) as problem:
            return Choice(
                image=self._default_image,
                source="fallback",
                reason=f"task_image_default, for want of a policy that can be used for tag {subject.tag}",
                warning=f"{problem}; the image is task_image_default",
            )
        return choose(subject, published, policy, self._default_image)

    def _policy(self, tag: str) -> tuple[Published | None, Policy]:
        """Return the policy. Only what could be read is kept: a policy that was mended holds at once."""
        kept = self._cache.find(tag)
        published = kept[0] if kept else self._lookup(tag)
        policy = published.read() if published else Policy(())
        if kept is None:
            self._cache.keep(tag, published)
        return published, policy


def choose(subject: Subject, published: Published | None, policy: Policy, default_image: str) -> Choice:
    """Return what the policy, if there is one, says about the task."""
    if published is None:
        return Choice(default_image, "default", f"task_image_default: tag {subject.tag} has no image policy")
    tag = published.tag
    rule = policy.rule_for(subject)
    if rule is None:
        reason = f"task_image_default: no rule of the image policy of tag {tag} is for {subject}"
        return Choice(default_image, "default", reason, policy_tag=tag)
    if tag == subject.tag:
        return Choice(rule.image, "tag", f"{rule} of the image policy of tag {tag}", rule, tag)
    reason = f"{rule} of the image policy of tag {tag}, which {subject.tag} inherits"
    return Choice(rule.image, "inherited", reason, rule, tag)
