# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.elkit.almalinux.plugins.module_utils._rpm import nevra
from hypothesis import given
from hypothesis import strategies as st

GOOD = [
    ("bash-5.1.8-9.el9.x86_64", ("bash", 0, "5.1.8", "9.el9", "x86_64")),
    ("openssl-libs-1:3.0.7-1.el9.x86_64", ("openssl-libs", 1, "3.0.7", "1.el9", "x86_64")),
    ("2:vim-minimal-8.2-1.el9.noarch.rpm", ("vim-minimal", 2, "8.2", "1.el9", "noarch")),
    ("nginx-1.20-1.el9", ("nginx", 0, "1.20", "1.el9", None)),
    ("bash-5.2.26-6.el10.x86_64_v2", ("bash", 0, "5.2.26", "6.el10", "x86_64_v2")),
    ("xz-1:5.6.2~rc1-4.el10.aarch64", ("xz", 1, "5.6.2~rc1", "4.el10", "aarch64")),
    ("php-8.0.30-1.module_el8.10.0+3742+2d0d2dd1.x86_64", ("php", 0, "8.0.30", "1.module_el8.10.0+3742+2d0d2dd1", "x86_64")),
]


@pytest.mark.parametrize("text,expected", GOOD)
def test_parts(text, expected):
    assert tuple(nevra.parse(text)) == expected


@pytest.mark.parametrize("text", ["", "bash", "bash-5", "1:bash-2:5-1.x86_64", "bash-5 1-2.x86_64", "-1-2", "a b-1-2"])
def test_what_is_no_package_name_is_named_in_the_error(text):
    with pytest.raises(ValueError) as caught:
        nevra.parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text,expected", [item for item in GOOD if not item[0].endswith(".rpm")])
def test_render_gives_back_what_was_parsed(text, expected):
    assert nevra.render(*nevra.parse(text)) == text


WORD = st.text(alphabet="09azAZ._+", min_size=1, max_size=6)
NAME = st.lists(WORD, min_size=1, max_size=4).map("-".join)
EVR = st.text(alphabet="019azAZ.~^_+", min_size=1, max_size=8)


@given(NAME, st.sampled_from([0, 1, 2, 32, 2 ** 31 - 1]), EVR, EVR, st.sampled_from(["x86_64", "noarch", "i686", "src", "x86_64_v2"]))
def test_whatever_is_rendered_is_parsed_to_the_same(name, epoch, version, release, arch):
    text = nevra.render(name, epoch, version, release, arch)
    for written in (text, text + ".rpm", "{0}:{1}".format(epoch, nevra.render(name, 0, version, release, arch))):
        assert tuple(nevra.parse(written)) == (name, epoch, version, release, arch)
