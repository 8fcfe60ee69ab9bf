"""Commands in the pages, held against the parsers that would read them."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator, Sequence

import click

from koji_adjutant.cli import cli
from koji_adjutant.daemon.arguments import command_line

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:koji-adjutant|kojid) [^`\n]+)`")
PROMPT = re.compile(r"^[$#] ")
PROGRAM = re.compile(r"^(?:\S*/)?(koji-adjutant|kojid)$")
BEFORE = re.compile(r"^(?:sudo|nice|\w+=.*)$")
"""What may stand before a program in a command."""
SHELL = {"|", "||", "&&", ";", "&", ">", ">>", "<"}
LEFT_OUT = "…"
"""Where a page leaves words out, what stands there is no whole command."""


def in_blocks(text: str) -> Iterator[str]:
    """Commands after a prompt, with lines that a backslash continues."""
    for _indent, language, body in FENCE.findall(text):
        if language == "console":
            for line in map(str.lstrip, body.replace("\\\n", " ").splitlines()):
                if PROMPT.match(line) and words(PROMPT.sub("", line)):
                    yield PROMPT.sub("", line)


def in_sentences(text: str) -> Iterator[str]:
    """Commands in sentences and tables, with all that they are given, or without."""
    for command in INLINE.findall(FENCE.sub("", text)):
        if not command.split()[1].startswith(LEFT_OUT):
            yield command


def words(line: str) -> list[str]:
    """The words of the command of ours in a line of a shell, from the program's name on."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[str] = []
    begins = True
    for word in lexer:
        if found and word in SHELL:
            break
        if found:
            found.append(word)
        elif begins and (match := PROGRAM.match(word)):
            found.append(match[1])
        begins = word in SHELL or (begins and bool(BEFORE.match(word)))
    return found


def problem(line: str, *, whole: bool) -> str | None:
    """Why the command would be refused; None if it would not. ``whole``: with its arguments."""
    program, *arguments = words(line)
    if program == "kojid":
        return _problem_of_kojid(arguments)
    try:
        _parse(cli, program, arguments, None, whole=whole)
    except click.BadOptionUsage as refusal:
        # in a sentence an option may be named without its value
        return refusal.format_message() if whole else None
    except click.ClickException as refusal:
        return refusal.format_message()
    return None


def _problem_of_kojid(arguments: Sequence[str]) -> str | None:
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            command_line().parse_args(arguments)
        except SystemExit:
            return said.getvalue()
    return None


def _parse(
    command: click.Command, name: str, arguments: list[str], parent: click.Context | None, *, whole: bool
) -> None:
    """Read the words as click would, without a look at files, or a call of the command."""
    context = command.context_class(command, info_name=name, parent=parent, **command.context_settings)
    given, rest, _order = command.make_parser(context).parse_args(list(arguments))
    if isinstance(command, click.Group):
        if rest:
            inner = command.get_command(context, rest[0])
            if inner is None:
                raise click.UsageError(f"No such command {rest[0]!r}.")
            _parse(inner, rest[0], rest[1:], context, whole=whole)
        elif whole and not given.get("help"):
            raise click.UsageError(f"{name} needs a command.")
        return
    if rest and not context.allow_extra_args:
        raise click.UsageError(f"Unexpected: {' '.join(rest)}")
    for parameter in command.get_params(context):
        value = given.get(parameter.name or "")
        if isinstance(parameter.type, click.Choice) and isinstance(value, str):
            parameter.type_cast_value(context, value)
        if whole and parameter.required and _is_missing(parameter, value) and not given.get("help"):
            raise click.UsageError(f"{name} needs {parameter.human_readable_name}.")


def _is_missing(parameter: click.Parameter, value: object) -> bool:
    return value is None or parameter.value_is_missing(value)
