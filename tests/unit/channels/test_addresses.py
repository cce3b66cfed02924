"""Numbers, opt-out keywords, and URLs that may be fetched."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.channels.kinds import rules
from core.channels.opt_out_keywords import opt_out_of
from core.channels.phone_numbers import dialled, digits, display, is_bsuid, lookup_key, variants
from core.channels.ssrf import UnsafeUrl, guard, guarded_session, is_public, origin
from core.channels.types import InvalidMessage


@pytest.mark.parametrize(
    "spellings",
    [
        ("5215512345678", "+52 55 1234 5678", "whatsapp:+525512345678"),
        ("5491123456789", "+54 11 2345-6789", "541123456789"),
        ("5511987654321", "551187654321", "+55 (11) 98765-4321"),
    ],
)
def test_spellings_of_one_person_share_a_key(spellings: tuple[str, ...]) -> None:
    assert len({lookup_key(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("005491155550001", "5491155550001"),
        ("+00 54 9 11 5555-0001", "5491155550001"),
        ("tel:+54-9-11-5555-0001;ext=12", "5491155550001"),
        ("TEL:+14155238886", "14155238886"),
        ("(54) 9 11 5555 0001", "5491155550001"),
        ("+(54) 911.5555.0001", "5491155550001"),
        ("whatsapp:+5215512345678", "5215512345678"),
        ("+44 (0)20 7946 0958", "442079460958"),
        ("\u202a+54\u00a09\u00a011\u20115555\u20110001\u202c", "5491155550001"),
        ("12345", "12345"),
    ],
)
def test_numbers_as_people_write_them(written: str, number: str) -> None:
    assert dialled(written) == number


@pytest.mark.parametrize(
    "written", ["", "0", "011 4555-0001", "+0 11 4555", "ana@example.com", "12", "1" * 16, "tel:", "٣٣٣٣٣"]
)
def test_what_is_no_international_number(written: str) -> None:
    assert dialled(written) == ""


def test_different_people_keep_different_keys() -> None:
    assert lookup_key("5511923456789") != lookup_key("551123456789")  # the latter is a landline
    assert lookup_key("14155238886") == "14155238886"


@pytest.mark.parametrize(
    "address", ["AR.13491208655302741918", "US.ENT.11815799212886844830", "ana@example.com", "", "Tienda"]
)
def test_other_addresses_have_no_key(address: str) -> None:
    assert lookup_key(address) is None and digits(address) == "" and variants(address) == ()
    assert display(address) == address


def test_bsuid() -> None:
    assert is_bsuid("AR.13491208655302741918") and is_bsuid("US.ENT.11815799212886844830")
    assert not is_bsuid("5491123456789") and not is_bsuid("ar.1") and not is_bsuid("AR.a b")


def test_variants_for_one_more_try() -> None:
    assert variants("5491123456789") == ("541123456789",)
    assert variants("541123456789") == ()
    assert variants("5215512345678") == ("525512345678",)
    assert variants("525512345678") == ("5215512345678",)
    assert variants("5511987654321") == ("551187654321",)
    assert variants("551187654321") == ("5511987654321",)
    assert variants("5511923456789") == ()


def test_display() -> None:
    assert display("5215512345678") == "+52 55 1234 5678"
    assert display("5511987654321") == display("551187654321") == "+55 11 98765-4321"


@given(address=st.text(max_size=30) | st.from_regex(r"\+?(52|54|55)[0-9]{8,12}", fullmatch=True))
def test_a_key_is_its_own_key_and_shared_by_variants(address: str) -> None:
    key = lookup_key(address)
    display(address)
    if key is not None:
        assert lookup_key(key) == key
        assert all(lookup_key(other) == key for other in variants(address))


@pytest.mark.parametrize("text", ["STOP", " stop. ", "¡Baja!", "bája", "ALTO", "Darme de baja", "sair", "🛑 stop 🛑"])
def test_stop_words(text: str) -> None:
    assert opt_out_of(text) is True


@pytest.mark.parametrize("text", ["Start", "ALTA", "unstop!"])
def test_start_words(text: str) -> None:
    assert opt_out_of(text) is False


@pytest.mark.parametrize("text", ["", "quiero darme de baja del curso", "stop it please", "bajar", "cancel", "no"])
def test_other_words(text: str) -> None:
    assert opt_out_of(text) is None


def test_carriers_words_count_in_sms_only() -> None:
    assert opt_out_of("Cancel", sms=True) is True and opt_out_of("END", sms=True) is True
    assert opt_out_of("END") is None


@given(text=st.text(max_size=60))
def test_opt_out_never_raises(text: str) -> None:
    assert opt_out_of(text) in (True, False, None)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def fake(host: str, port: int | None, family: int = 0, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        if family == socket.AF_INET6:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", fake)


def test_public_hosts_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34", "2606:2800:220:1::1")
    guard("https://example.com/a?b=c")


@pytest.mark.parametrize(
    "inside", ["10.1.2.3", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "224.0.0.1", "0.0.0.0"]
)
def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    resolve_to(monkeypatch, "93.184.216.34", inside)
    with pytest.raises(UnsafeUrl):
        guard("https://example.com/")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://localhost./",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[::]/",
        "https://user:pass@93.184.216.34/",
        "https://127.0.0.1:8600@93.184.216.34/",
        "https://93.184.216.34\\@127.0.0.1/",
        "https://93.184.216.34 /",
        "https:///etc/passwd",
        "//93.184.216.34/",
        "https://93.184.216.34:99999/",
        "",
    ],
)
def test_addresses_inside_or_in_disguise_are_refused(url: str) -> None:
    with pytest.raises(UnsafeUrl):
        guard(url)


def test_allowed_origins_are_exact() -> None:
    allowed = {origin("http://127.0.0.1:8600/v26.0")}
    guard("http://127.0.0.1:8600/media/1", allowed_origins=allowed)
    for url in ("http://127.0.0.1:8601/", "https://127.0.0.1:8600/", "http://127.0.0.1/", "http://a@127.0.0.1:8600/"):
        with pytest.raises(UnsafeUrl):
            guard(url, allowed_origins=allowed)


@given(url=st.text(max_size=40).map("https://{}".format) | st.text(max_size=40))
def test_guard_raises_nothing_else(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        resolve_to(patch, "93.184.216.34")
        try:
            guard(url)
        except UnsafeUrl:
            return
        assert url.lower().startswith("https://")


# One address or more of each entry of IANA's special-purpose registries, and of each form that embeds an IPv4 one.
NOT_PUBLIC = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255
192.0.0.1 192.0.0.8 192.0.0.9 192.0.0.10 192.0.0.170 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1
192.88.99.2 192.168.0.1 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255
240.0.0.1 255.255.255.255
:: ::1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::10.0.0.1 ::8.8.8.8 ::ffff:0:10.0.0.1 64:ff9b::10.0.0.1 64:ff9b::7f00:1
64:ff9b:0:0:1::808:808 64:ff9b:1::808:808 64:ff9b:1:ffff:: 100::1 100:0:0:1::1 2001::1 2001:0:808:808::1 2001:1::1
2001:1::2 2001:1::3 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:1ff:ffff::1 2001:db8::1
2002:7f00:1:: 2002:a00:1::1 2002:808:808::1 2620:4f:8000::1 2620:4f:8000:ffff::1 3fff::1 3fff:fff:ffff::1 4000::1
5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 2a00:1450::5efe:10.0.0.1 2a00:1450::200:5efe:8.8.8.8
"""
PUBLIC = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 168.63.129.17 172.15.0.1 172.32.0.1 192.0.1.1 192.88.98.1 192.167.0.1
198.17.0.1 198.20.0.1 223.255.255.254 ::ffff:8.8.8.8 64:ff9b::808:808 2001:200::1 2001:4860:4860::8888 2003::1
2606:2800:220:1::1 2620:4f:7fff::1 2620:4f:8001::1 2a00:1450:4001::200e 3ffe::1
"""


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_other_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("of_the_network", "inside", "outside"),  # the examples of RFC 6052, 2.4, in a prefix that is not documentation
    [
        ("2a0b:4e00:c000:aa::", "2a0b:4e00:a01:203::", "2a0b:4e00:808:808::"),
        ("2a0b:4e00:1c0:0:aa::", "2a0b:4e00:10a:102:3::", "2a0b:4e00:108:808:8::"),
        ("2a0b:4e00:122:c000:0:aa00::", "2a0b:4e00:122:a01:2:300::", "2a0b:4e00:122:808:8:800::"),
        ("2a0b:4e00:122:3c0:0:aa::", "2a0b:4e00:122:30a:1:203::", "2a0b:4e00:122:308:8:808::"),
        ("2a0b:4e00:122:344:c0:0:aa00::", "2a0b:4e00:122:344:a:102:300::", "2a0b:4e00:122:344:8:808:800::"),
        ("2a0b:4e00:122:344::192.0.0.171", "2a0b:4e00:122:344::10.1.2.3", "2a0b:4e00:122:344::8.8.8.8"),
    ],
)
def test_private_addresses_behind_the_nat64_of_the_network(
    monkeypatch: pytest.MonkeyPatch, of_the_network: str, inside: str, outside: str
) -> None:
    def guarded(address: str, *, translates: bool) -> None:
        def fake(host: str, port: int | None, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
            if host == "ipv4only.arpa" and not translates:
                raise socket.gaierror(socket.EAI_NONAME, "no address")
            found = of_the_network if host == "ipv4only.arpa" else address
            return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (found, port or 0, 0, 0))]

        monkeypatch.setattr(socket, "getaddrinfo", fake)
        guard("https://example.com/")

    guarded(outside, translates=True)
    guarded(inside, translates=False)
    guarded("2606:2800:220:1::1", translates=True)
    with pytest.raises(UnsafeUrl):
        guarded(inside, translates=True)


def test_a_guarded_session_disconnects_from_a_private_peer_before_a_request(httpserver: Any) -> None:
    import requests

    httpserver.expect_request("/").respond_with_data("secret")
    with pytest.raises(requests.ConnectionError):
        guarded_session().get(httpserver.url_for("/"), timeout=5)
    assert not httpserver.log
    answer = guarded_session([origin(httpserver.url_for("/"))]).get(httpserver.url_for("/"), timeout=5)
    assert answer.text == "secret"


@pytest.mark.parametrize(
    ("kind", "written", "value", "phone"),
    [
        ("whatsapp", "+54 9 11 5555-0001", "5491155550001", "+5491155550001"),
        ("whatsapp", "AR.1A2B3C", "AR.1A2B3C", None),
        ("sms", "0054 9 11 5555 0001", "+5491155550001", "+5491155550001"),
        ("email", " Ana.Paz@Example.com ", "ana.paz@example.com", None),
        ("email", "ana+ofertas@correo.ejemplo.ar", "ana+ofertas@correo.ejemplo.ar", None),
    ],
)
def test_a_written_address_takes_the_form_of_its_kind(kind: str, written: str, value: str, phone: str | None) -> None:
    found = rules(kind).read_address(written)
    assert (found.value, found.phone) == (value, phone)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("whatsapp", "ana@example.com"),
        ("sms", "AR.1A2B3C"),
        ("sms", "Bank"),
        ("email", "+5491155550001"),
        ("email", "@example.com"),
        ("email", "ana@localhost"),
        ("email", "ana@example.com, eva@example.com"),
        ("email", "Ana <ana@example.com>"),
        ("email", "ana@example.com\nBcc: eva@example.com"),
    ],
)
def test_an_address_of_another_kind_is_refused(kind: str, written: str) -> None:
    with pytest.raises(InvalidMessage):
        rules(kind).read_address(written)
