"""What every adapter does, whatever the framework."""

import json
import logging
import time

import pytest
from deliveries import BODY, NONE, OTHER, PLAIN, SECRET, Answer, Told, refused, signed
from mounts import MINE

from encrata_webhooks import InvalidSecretError, TestEvent

LOG = "encrata_webhooks"


def never(event):
    raise AssertionError("the handler was called")


def nothing(event):
    pass


def notes(told):
    return lambda *given: told.append(Told(*given))


def check_refused(mount, told, code, status, delivery, **options):
    """A delivery is refused with a status and code, and `on_error` is told just once."""
    told.clear()
    answer = mount(never, **{"secret": SECRET, "on_error": notes(told), **options})(delivery)
    assert (answer.status, json.loads(answer.text)) == (status, {mount.error_key: code})
    assert [(one.code, one.error.code) for one in told] == [(code, code)]
    return told[0]


def raised(mount, handler, **options):
    """The answer to a genuine delivery whose handler raises: of the framework, where there is one."""
    send = mount(handler, secret=SECRET, **options)
    if mount.catches:
        assert send(signed()).status == 500
    else:
        with pytest.raises(RuntimeError):
            send(signed())


def test_a_genuine_delivery_is_handed_over_and_answered_with_204(mount, told):
    seen = []
    answer = mount(seen.append, secret=SECRET, on_error=notes(told))(signed())
    assert (answer, told) == (Answer(204, ""), [])
    [event] = seen
    assert isinstance(event, TestEvent)
    assert (event.event, event.data.message, event.id) == ("test", "héllo", "evt_1")


def test_each_refusal_has_its_status_and_code_and_on_error_is_told(mount, told):
    for code, status, claimed_id, delivery, options in refused():
        one = check_refused(mount, told, code, status, delivery, **options)
        assert one.id == claimed_id, code


def test_a_handler_that_raises_is_told_of_and_answered_with_500(mount, told, caplog):
    error = RuntimeError("the password is hunter2")

    def handler(event):
        raise error

    raised(mount, handler, on_error=notes(told))
    assert told == [("handler_failed", "evt_1", error)]
    if mount.catches:
        assert "hunter2" not in mount(handler, secret=SECRET)(signed()).text


def test_an_on_error_that_raises_changes_no_answer(mount, caplog):
    def on_error(*given):
        raise RuntimeError("on_error")

    assert mount(never, secret=SECRET, on_error=on_error)(signed(change=NONE)).status == 401
    assert [record.name for record in caplog.records if record.levelno >= logging.ERROR] == [LOG]
    raised(mount, on_error, on_error=on_error)


def test_without_on_error_our_own_faults_are_logged_and_refusals_are_not(mount, caplog):
    mount(never, secret=SECRET)(signed(change=NONE))
    assert [record for record in caplog.records if record.name == LOG] == []
    mount(never, secret=f"{SECRET}\n")(signed())
    [record] = [record for record in caplog.records if record.name == LOG]
    assert record.getMessage() == "delivery evt_1 was answered with 500: invalid_secret"
    assert SECRET not in caplog.text


def test_the_handler_may_answer_itself(mount):
    answer = mount(mount.own, secret=SECRET)(signed())
    assert (answer.status, json.loads(answer.text)) == (202, MINE)


def test_the_secret_is_a_text_or_several_or_a_function_of_the_request(mount, told):
    def tenant(request):
        return SECRET if mount.tenant(request) == "one" else None

    async def later(request):
        return tenant(request)

    delivery = signed(change={"x-tenant": "one"})
    several = [None, OTHER, SECRET]
    givens = [SECRET, several, iter(several), lambda request: several, tenant, *([later] if mount.is_async else [])]
    for secret in givens:
        send = mount(nothing, secret=secret)
        assert [send(delivery).status, send(delivery).status] == [204, 204], secret
    assert check_refused(mount, told, "invalid_secret", 500, signed(), secret=tenant).error.fault == "missing"
    closed = OSError("the vault is closed")

    def vault(request):
        raise closed

    assert check_refused(mount, told, "invalid_secret", 500, signed(), secret=vault).error.__cause__ is closed
    for wrong in (3, [[SECRET]], b"bytes", {"a": 1}.values()):
        check_refused(mount, told, "invalid_secret", 500, signed(), secret=lambda request, wrong=wrong: wrong)


def test_a_rotated_secret_is_taken_while_both_are_given(mount):
    send = mount(nothing, secret=[OTHER, SECRET])
    assert [send(signed(secret=secret)).status for secret in (SECRET, OTHER)] == [204, 204]
    assert mount(nothing, secret=[OTHER])(signed()).status == 401


def test_an_unset_secret_is_answered_with_500_and_read_when_a_delivery_comes(mount, told, monkeypatch):
    for secret in (None, [], "", f"{SECRET}\n"):
        one = check_refused(mount, told, "invalid_secret", 500, signed(), secret=secret)
        assert isinstance(one.error, InvalidSecretError)
    send = mount(nothing)
    assert send(signed()).status == 500
    monkeypatch.setenv("ENCRATA_WEBHOOK_SECRET", SECRET)
    assert send(signed()).status == 204
    # One that is given and unset is no wish for the default.
    check_refused(mount, told, "invalid_secret", 500, signed(), secret=None)


def test_a_tolerance_of_none_looks_at_no_time_and_another_is_kept_to(mount):
    old = signed(timestamp=time.time() - 400)
    for options, delivery, status in (
        ({"tolerance": None}, old, 204),
        ({"tolerance": None}, signed(change=PLAIN), 204),
        ({"tolerance": 500}, old, 204),
        ({}, old, 401),
    ):
        assert mount(nothing, secret=SECRET, **options)(delivery).status == status


def test_a_body_over_the_limit_is_refused_and_one_of_just_the_limit_is_not(mount, told):
    check_refused(mount, told, "body_too_large", 413, signed(), max_body_bytes=len(BODY) - 1)
    assert mount(nothing, secret=SECRET, max_body_bytes=len(BODY))(signed()).status == 204
    check_refused(mount, told, "body_too_large", 413, signed(b"x" * (1024 * 1024 + 1)))


def test_an_option_that_cannot_be_meant_is_refused_at_once(mount):
    for options in ({"max_body_bytes": -1}, {"max_body_bytes": float("nan")}, {"tolerance": -1}):
        with pytest.raises(ValueError, match=next(iter(options))):
            mount.app(nothing, secret=SECRET, **options)
    with pytest.raises(TypeError):
        mount.app(nothing, secret=SECRET, max_body_bytes="1MB")
    with pytest.raises(TypeError):
        mount.app(nothing, secrets=SECRET)
