"""Messages that carry what packagers wrote."""

from __future__ import annotations

from koji import xmlrpcplus

from koji_adjutant.errors import MESSAGE_MAX, DependencyError, SpecError


def test_every_message_can_be_sent_to_the_hub() -> None:
    error = SpecError("spec file a\x00\x1b[2J\udcff\x85é.spec cannot be read\nat all")
    fault = xmlrpcplus.dumps(xmlrpcplus.Fault(error.faultCode, str(error)))
    call = xmlrpcplus.dumps((7, fault), "host.failTask")
    (_task, sent), _method = xmlrpcplus.loads(call.encode())
    assert sent == fault
    assert str(error) == "spec file a\\x00\\x1b[2J\\udcff\\x85é.spec cannot be read\nat all"


def test_no_message_is_endless() -> None:
    assert len(str(DependencyError("nothing provides " + "x, " * 10**6))) == MESSAGE_MAX
