"""``koji-adjutant policy``: which image a task would get, and whether a policy is well-formed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import click
import koji

from koji_adjutant import config
from koji_adjutant.errors import UsageError
from koji_adjutant.policy.reading import read_policy
from koji_adjutant.policy.resolver import Choice, choose
from koji_adjutant.policy.rules import Policy, Rule, Subject
from koji_adjutant.task_adapters import ADAPTERS, PLUGINS
from koji_adjutant.task_adapters.container_task import ContainerTask
from koji_adjutant.task_adapters.task_image import DISABLED, HubPolicies

TASKS: Sequence[type[ContainerTask]] = (*ADAPTERS, *PLUGINS.values())
TASK_TYPES = sorted(method for task in TASKS for method in task.Methods)


@click.group()
def command() -> None:
    """Which tool image a task gets: look through the hub's image policy."""


@command.command()
@click.option(
    "-c",
    "--config",
    "configuration",
    type=click.Path(path_type=Path, exists=True),
    default=Path("/etc/kojid/kojid.conf"),
    show_default=True,
    help="The worker's kojid.conf: which hub to ask, and task_image_default.",
)
@click.option("--tag", required=True, help="The build tag.")
@click.option("--arch", required=True, help="The arch of the buildroot.")
@click.option("--task-type", required=True, type=click.Choice(TASK_TYPES), help="The task's method.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def resolve(configuration: Path, tag: str, arch: str, task_type: str, as_json: bool) -> None:
    """Say which image a task would get, by which rule, and why by no other.

    Asks the hub, without logging in, and not what a worker has cached. Fails where a worker would warn and
    take task_image_default: when the policy cannot be used or the hub does not answer.
    """
    settings = config.load(configuration)
    options, ours = settings.kojid, settings.adjutant
    subject = Subject(tag, arch, task_type)
    published = HubPolicies(koji.ClientSession(options.server, koji.grab_session_options(options)))(tag)
    policy = published.read() if published else Policy(())
    choice = Choice(ours.task_image_default, "default", DISABLED)
    if ours.policy_enabled:
        choice = choose(subject, published, policy, ours.task_image_default)
    verdicts = [_verdict(rule, subject, choice) for rule in policy.by_precedence]
    if as_json:
        click.echo(json.dumps(_document(subject, policy, choice, verdicts), indent=2))
        return
    click.echo(f"{subject}: {choice.image}\nchosen by {choice.reason}")
    _show(policy, verdicts)


@command.command()
@click.argument("file", type=click.File("r"))
def check(file: TextIO) -> None:
    """Say whether FILE (-: standard input) holds a policy that workers can use, and what comes first in it.

    It is set with: koji edit-tag TAG -x "adjutant_image_policy=$(cat FILE)"
    """
    try:
        text = file.read()
    except UnicodeDecodeError as problem:
        raise UsageError(f"{file.name} is not a text file: {problem}") from problem
    policy = read_policy(text, file.name)
    click.echo(f"{file.name}: a policy of {len(policy.rules)} rules")
    _show(policy, [""] * len(policy.rules))


def _show(policy: Policy, verdicts: Sequence[str]) -> None:
    """Show the rules in the order in which they count."""
    rules = policy.by_precedence
    wide = [
        max((len(str(cell)) for cell in column), default=0) for column in (rules, [r.image for r in rules])
    ]
    for rule, verdict in zip(rules, verdicts, strict=True):
        click.echo(f"  {rule!s:{wide[0]}}  {rule.image:{wide[1]}}  {verdict}".rstrip())


def _verdict(rule: Rule, subject: Subject, choice: Choice) -> str:
    if rule == choice.rule:
        return "taken"
    missed = rule.mismatch(subject)
    if missed:
        return f"not for {missed} {getattr(subject, missed)}"
    return "counts less" if choice.rule else "not looked at"


def _document(subject: Subject, policy: Policy, choice: Choice, verdicts: Sequence[str]) -> dict[str, object]:
    return {
        "tag": subject.tag,
        "arch": subject.arch,
        "task_type": subject.task_type,
        "image": choice.image,
        "source": choice.source,
        "policy_tag": choice.policy_tag,
        "rule": choice.rule and choice.rule.position,
        "reason": choice.reason,
        "rules": [
            {**rule.document(), "image": rule.image, "verdict": verdict}
            for rule, verdict in zip(policy.by_precedence, verdicts, strict=True)
        ],
    }
